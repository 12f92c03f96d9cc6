#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "experiments/command.h"
#include "experiments/verify_code.h"
#include "verifiers/code/code_verifier.h"
#include "verifiers/math/verify.h"
#include "verifiers/math_outcome.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

constexpr size_t kBlock = 2048;  // lines judged together; results are written in the order of the lines

struct VerifyOptions {
  std::string verifier = "math";
  std::string in;
  std::string out = "-";
  std::string gold;
  std::string answer;
  std::string completion;
  std::string options;
  std::string add_case;
  std::string expect;
  int64_t threads = 0;
  bool explain = false;
  bool check_golds = false;
  bool stats = false;
};

// One line of the input.
struct Item {
  Json id;
  Task task;
  std::string text;
  bool is_extracted = false;
  std::string problem;  // why the line cannot be judged
};

struct Judged {
  Verdict verdict;
  std::string gold_tree;
  std::string pred_tree;
  std::optional<code::Report> report;  // of the code verifier
  double seconds = 0;
};

// Who judges. The code verifier says more than a verdict.
struct Judge {
  const Verifier& verifier;
  const code::CodeVerifier* code = nullptr;
};

Verdict JudgeExtracted(const Item& item, bool explain, Judged& judged) {
  math::Request request;
  request.explain = explain;
  Verdict verdict;
  verdict.extracted = item.text.substr(0, 256);
  verdict.span = {0, std::ssize(item.text)};
  if (const std::string problem = math::ReadOptions(item.task.metadata, request.options); !problem.empty()) {
    verdict.outcome = Outcome::kError;
    verdict.reason = problem;
    return verdict;
  }
  math::Result result = math::CompareAnswers(item.task.answer, item.text, request);
  verdict.outcome = OutcomeOf(result.decision);
  verdict.rule = std::move(result.rule);
  verdict.reason = std::move(result.reason);
  verdict.cost = result.cost;
  judged.gold_tree = std::move(result.gold);
  judged.pred_tree = std::move(result.pred);
  return verdict;
}

Judged JudgeItem(const Judge& judge, const Item& item, bool explain) {
  const Verifier& verifier = judge.verifier;
  Judged judged;
  const auto begin = std::chrono::steady_clock::now();
  if (!item.problem.empty()) {
    judged.verdict.outcome = Outcome::kError;
    judged.verdict.reason = item.problem;
  } else if (judge.code != nullptr) {
    code::Judgement judgement = judge.code->Judge(item.task, item.text);
    judged.verdict = std::move(judgement.verdict);
    judged.report = std::move(judgement.report);
  } else if (item.is_extracted && verifier.name() == "math") {
    judged.verdict = JudgeExtracted(item, explain, judged);
  } else {
    judged.verdict = verifier.Verify(item.task, item.is_extracted ? "\\boxed{" + item.text + "}" : item.text);
    if (explain && verifier.name() == "math" && judged.verdict.outcome != Outcome::kError) {
      const auto begin_byte = static_cast<size_t>(judged.verdict.span.begin);
      Item inner = item;
      inner.text = item.text.substr(begin_byte, static_cast<size_t>(judged.verdict.span.end) - begin_byte);
      JudgeExtracted(inner, true, judged);
    }
  }
  judged.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return judged;
}

// Text and numbers count as text: data sets hold both.
std::optional<std::string> TextOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) {
    return std::nullopt;
  }
  return it->is_string() ? it->get<std::string>() : DumpJson(*it);
}

Item ReadItem(std::string_view line, const std::string& where, const VerifyOptions& options) {
  Item item;
  item.task.verifier = options.verifier;
  item.task.id = where;
  item.task.metadata = options.options;
  const absl::StatusOr<Json> object = ParseJson(line, where);
  if (!object.ok() || !object->is_object()) {
    item.problem = object.ok() ? fmt::format("{}: expected a JSON object, found {}", where, object->type_name())
                               : std::string(Message(object.status()));
    return item;
  }
  item.id = object->contains("id") ? (*object)["id"] : Json();
  if (options.verifier == "code") {
    item.problem = ReadCodeLine(*object, where, !options.check_golds, item.task, item.text);
    return item;
  }
  const std::optional<std::string> gold = TextOf(*object, "answer");
  const std::optional<std::string> completion = TextOf(*object, "completion");
  const std::optional<std::string> prediction = TextOf(*object, "prediction");
  // Generated problems come with what the puzzle verifier checks against, and some without a gold answer.
  const bool is_puzzle = options.verifier == "puzzle";
  if (object->contains("options")) {
    item.task.metadata = DumpJson((*object)["options"]);
  } else if (is_puzzle && object->contains("metadata")) {
    item.task.metadata = DumpJson((*object)["metadata"]);
  }
  if (!gold && !is_puzzle) {
    item.problem = fmt::format("{}: there is no member \"answer\", the gold answer", where);
  } else if (!completion && !prediction && !options.check_golds) {
    item.problem =
        fmt::format("{}: there is neither \"completion\", a model's text, nor \"prediction\", an answer already extracted", where);
  }
  item.task.answer = gold.value_or("");
  item.text = prediction ? *prediction : completion.value_or("");
  item.is_extracted = prediction.has_value();
  return item;
}

Json JudgedJson(const Item& item, const Judged& judged, bool explain, bool is_code) {
  const Verdict& verdict = judged.verdict;
  if (is_code) {
    return CodeResult(item.id, verdict, judged.report ? *judged.report : code::Trouble(verdict.reason));
  }
  Json json = {{"id", item.id}, {"outcome", OutcomeName(verdict.outcome)}};
  json["score"] = verdict.is_scored() ? Json(verdict.outcome == Outcome::kCorrect ? 1 : 0) : Json();
  if (verdict.credit > 0) {
    json["credit"] = verdict.credit;
  }
  json["extracted"] = verdict.extracted;
  json["span"] = {verdict.span.begin, verdict.span.end};
  json["rule"] = verdict.rule;
  json["reason"] = verdict.reason;
  json["cost"] = verdict.cost;
  if (explain) {
    json["gold_tree"] = judged.gold_tree;
    json["answer_tree"] = judged.pred_tree;
  }
  return json;
}

class Statistics {
 public:
  void Add(const Judged& judged) {
    ++outcomes_[std::string(OutcomeName(judged.verdict.outcome))];
    ++rules_[fmt::format("{} by {}", OutcomeName(judged.verdict.outcome), judged.verdict.rule.empty() ? "no rule" : judged.verdict.rule)];
    seconds_.push_back(judged.seconds);
  }

  void Print() {
    std::ranges::sort(seconds_);
    fmt::print(stderr, "{} pairs\n", seconds_.size());
    for (const auto* counts : {&outcomes_, &rules_}) {
      for (const auto& [name, count] : *counts) {
        fmt::print(stderr, "  {:<44}{:>9}\n", name, count);
      }
    }
    if (seconds_.empty()) {
      return;
    }
    double sum = 0;
    for (const double value : seconds_) {
      sum += value;
    }
    const auto at = [&](double share) {
      return 1e6 * seconds_[std::min(seconds_.size() - 1, static_cast<size_t>(share * static_cast<double>(seconds_.size())))];
    };
    fmt::print(stderr, "  us per pair: mean {:.1f}, median {:.1f}, p99 {:.1f}, p99.9 {:.1f}, max {:.1f}; {:.0f} pairs/s per core\n",
               1e6 * sum / static_cast<double>(seconds_.size()), at(0.5), at(0.99), at(0.999), 1e6 * seconds_.back(),
               static_cast<double>(seconds_.size()) / sum);
  }

 private:
  std::map<std::string, int64_t> outcomes_;
  std::map<std::string, int64_t> rules_;
  std::vector<double> seconds_;
};

// Where results go: a file, or standard output.
class LineWriter {
 public:
  static absl::StatusOr<LineWriter> Open(const std::string& path) {
    LineWriter writer;
    if (path != "-") {
      CUPEL_ASSIGN_OR_RETURN(FileWriter file, FileWriter::Create(path));
      writer.file_ = std::make_unique<FileWriter>(std::move(file));
    }
    return writer;
  }
  absl::Status Write(const std::string& line) {
    if (file_) {
      return file_->Write(std::string_view(line + "\n"));
    }
    return std::fputs((line + "\n").c_str(), stdout) >= 0 ? absl::OkStatus() : Unavailable("standard output cannot be written");
  }
  absl::Status Close() {
    return file_ ? file_->Close() : std::fflush(stdout) == 0 ? absl::OkStatus() : Unavailable("standard output cannot be written");
  }

 private:
  std::unique_ptr<FileWriter> file_;
};

int NumThreads(const VerifyOptions& options) {
  return options.threads > 0 ? static_cast<int>(options.threads) : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::vector<Judged> JudgeAll(const Judge& judge, const std::vector<Item>& items, bool explain, ThreadPool& pool) {
  std::vector<Judged> results(items.size());
  const size_t share = judge.code != nullptr ? 1 : 32;  // programs take milliseconds or seconds each
  for (size_t begin = 0; begin < items.size(); begin += share) {
    pool.Submit([&, begin] {
      for (size_t i = begin; i < std::min(items.size(), begin + share); ++i) {
        results[i] = JudgeItem(judge, items[i], explain);
      }
    });
  }
  pool.Wait();
  return results;
}

absl::StatusOr<int> VerifyLines(const VerifyOptions& options, const Judge& judge, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(LineReader reader, LineReader::Open(options.in));
  CUPEL_ASSIGN_OR_RETURN(LineWriter writer, LineWriter::Open(options.out));
  Statistics statistics;
  ThreadPool pool(NumThreads(options), 1024);
  int64_t errors = 0;
  bool at_end = false;
  while (!at_end && stop.Requested() == 0) {
    std::vector<Item> items;
    while (items.size() < kBlock) {
      CUPEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> line, reader.Next());
      if (!line) {
        at_end = true;
        break;
      }
      items.push_back(ReadItem(*line, fmt::format("{}:{}", options.in, reader.line_number()), options));
    }
    const std::vector<Judged> results = JudgeAll(judge, items, options.explain, pool);
    for (size_t i = 0; i < items.size(); ++i) {
      errors += results[i].verdict.outcome == Outcome::kError ? 1 : 0;
      statistics.Add(results[i]);
      CUPEL_RETURN_IF_ERROR(writer.Write(DumpJson(JudgedJson(items[i], results[i], options.explain, judge.code != nullptr))));
    }
  }
  CUPEL_RETURN_IF_ERROR(writer.Close());
  if (options.stats) {
    statistics.Print();
  }
  if (errors > 0) {
    fmt::print(stderr, "cupel: {} lines could not be judged; their \"reason\" says why\n", errors);
  }
  return errors > 0 ? kExitFailed : 0;
}

absl::StatusOr<int> CheckGoldLines(const VerifyOptions& options, const Verifier& verifier) {
  CUPEL_ASSIGN_OR_RETURN(LineReader reader, LineReader::Open(options.in));
  int64_t count = 0;
  int64_t bad = 0;
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const std::optional<std::string_view> line, reader.Next());
    if (!line) {
      break;
    }
    ++count;
    const std::string where = fmt::format("{}:{}", options.in, reader.line_number());
    const Item item = ReadItem(*line, where, options);
    const absl::Status status = item.problem.empty() ? verifier.CheckGold(item.task) : InvalidArgument("{}", item.problem);
    if (!status.ok()) {
      ++bad;
      fmt::print("{}{}: {}\n", where, item.id.is_null() ? "" : fmt::format(" (id {})", DumpJson(item.id)), Message(status));
    }
  }
  fmt::print("{} golds, {} of them cannot be read\n", count, bad);
  return bad > 0 ? kExitFailed : 0;
}

absl::StatusOr<int> VerifyPair(const VerifyOptions& options, const Verifier& verifier) {
  Item item;
  item.task = {"pair", {{"user", "?"}}, options.gold, options.verifier, options.options};
  item.is_extracted = options.completion.empty();
  item.text = item.is_extracted ? options.answer : options.completion;
  const Judged judged = JudgeItem({verifier}, item, options.explain);
  fmt::print("{}\n{}\n", OutcomeName(judged.verdict.outcome), judged.verdict.reason);
  if (options.explain) {
    fmt::print("extracted  {}\nrule       {}\ncost       {} steps\ngold tree  {}\nanswer tree {}\n", judged.verdict.extracted,
               judged.verdict.rule, judged.verdict.cost, judged.gold_tree, judged.pred_tree);
  }
  if (!options.add_case.empty()) {
    std::string cases;
    if (Exists(options.add_case)) {
      CUPEL_ASSIGN_OR_RETURN(cases, ReadFile(options.add_case));
    }
    Json json = {{"gold", options.gold}, {item.is_extracted ? "answer" : "text", item.text}, {"outcome", options.expect}};
    if (!options.options.empty()) {
      CUPEL_ASSIGN_OR_RETURN(json["options"], ParseJson(options.options, "--options"));
    }
    CUPEL_RETURN_IF_ERROR(WriteFileAtomically(options.add_case, cases + DumpJson(json) + "\n"));
    fmt::print("added to {} with outcome {}\n", options.add_case, options.expect);
  }
  return judged.verdict.outcome == Outcome::kError ? kExitFailed : 0;
}

absl::StatusOr<int> RunVerify(const VerifyOptions& options, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier(options.verifier));
  const bool is_pair = !options.gold.empty() || !options.answer.empty() || !options.completion.empty();
  if (is_pair == !options.in.empty()) {
    return InvalidArgument("give either --in FILE.jsonl (or --in -), or --gold with --answer or --completion");
  }
  if (!options.add_case.empty() && (!is_pair || options.expect.empty())) {
    return InvalidArgument(
        "--add-case wants a pair (--gold, --answer) and --expect correct or --expect incorrect: what the verdict should be");
  }
  if (is_pair && options.verifier == "code") {
    return InvalidArgument(
        "programs are judged by the tests of a task: give --in FILE.jsonl, a line of which has \"format\", \"metadata\" "
        "and \"completion\" (docs/code-verifier.md)");
  }
  if (is_pair) {
    return VerifyPair(options, *verifier);
  }
  if (options.check_golds) {
    return CheckGoldLines(options, *verifier);
  }
  if (options.verifier != "code") {
    return VerifyLines(options, {*verifier}, stop);
  }
  sandbox::Config config;
  config.slots = NumThreads(options);
  const code::CodeVerifier code(config);
  CUPEL_RETURN_IF_ERROR(code.Open());
  return VerifyLines(options, {code, &code}, stop);
}

}  // namespace

Action DeclareVerify(CLI::App& app) {
  auto options = std::make_shared<VerifyOptions>();
  app.add_option("--verifier", options->verifier, "who judges: a name from the registry")->capture_default_str();
  app.add_option(
      "--in", options->in,
      "JSON lines with \"id\", \"answer\" (gold), and \"completion\" (a model's text) or \"prediction\" (an answer already extracted), "
      "optionally \"options\"; for code \"format\", \"metadata\" (the task's record as published) and \"completion\"; - is standard input");
  app.add_option("--out", options->out, "where the verdicts go, one line per line in the same order; - is standard output")
      ->capture_default_str();
  app.add_option("--gold", options->gold, "judge one pair: the gold answer");
  app.add_option("--answer", options->answer, "with --gold: the answer, already extracted");
  app.add_option("--completion", options->completion, "with --gold: a model's text, from which the answer is extracted");
  app.add_option("--options", options->options, "options of the verifier as a JSON object, for lines that bring none");
  app.add_flag("--explain", options->explain, "show how both answers were read");
  app.add_flag("--stats", options->stats, "print outcomes, rules and time per pair to standard error");
  app.add_flag("--check-golds", options->check_golds, "with --in: only say which gold answers cannot be read");
  app.add_option("--add-case", options->add_case, "with a pair: append it to this file of cases");
  app.add_option("--expect", options->expect, "with --add-case: the right verdict")->check(CLI::IsMember({"correct", "incorrect"}));
  app.add_option("--threads", options->threads, "threads; 0: one per core")->check(CLI::Range(0, 1024));
  return [options](StopSignal& stop) {
    const absl::StatusOr<int> code = RunVerify(*options, stop);
    return code.ok() ? *code : Fail(code.status());
  };
}

}  // namespace cupel
