// Tasks from files of records, through the columns of a preset or of the settings.

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "base/json.h"
#include "base/status.h"
#include "datasets/presets.h"
#include "datasets/records.h"
#include "datasets/registry.h"
#include "datasets/row.h"
#include "datasets/similarity.h"
#include "datasets/split.h"

namespace cupel {
namespace {

constexpr std::string_view kPlaceholder = "{prompt}";
constexpr size_t kMaxProblems = 10;
constexpr int64_t kProgressEvery = 1024;

// What is wrong with rows of one kind, in words.
class Faults {
 public:
  void Add(std::string text) {
    ++count_;
    if (first_.size() < kMaxProblems) {
      first_.push_back(std::move(text));
    }
  }
  int64_t count() const { return count_; }
  const std::vector<std::string>& first() const { return first_; }

  // The error that names the first, how many there are, and the setting that leaves them out.
  absl::Status Refusal(int64_t num_rows, std::string_view setting) const {
    const std::string more = count_ == 1 ? "" : fmt::format("; {} of {} rows are refused", count_, num_rows);
    return InvalidArgument("{}{}; `cupel data check` lists them, --set data.jsonl.{}=skip leaves them out", first_.front(), more, setting);
  }

 private:
  int64_t count_ = 0;
  std::vector<std::string> first_;
};

// The settings filled from their preset, and what else reading needs.
struct Source {
  JsonlConfig config;
  const Preset* preset;
  const LoadContext& context;
  bool is_training = false;
};

absl::StatusOr<Source> MakeSource(const JsonlConfig& config, const LoadContext& context) {
  CUPEL_ASSIGN_OR_RETURN(const Preset* preset, FindPreset(config.preset));
  CUPEL_ASSIGN_OR_RETURN(JsonlConfig filled, WithPreset(config));
  return Source{std::move(filled), preset, context, false};
}

std::string WithoutExtraSpace(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_space || (!plain.empty() && plain.back() != ' ')) {
      plain += is_space ? ' ' : c;
    }
  }
  return plain;
}

void AppendQuestions(const std::vector<Row>& rows, std::vector<std::string_view>& questions) {
  std::ranges::transform(rows, std::back_inserter(questions), [](const Row& row) { return std::string_view(row.asked); });
}

// For each question the place of an earlier one that asks the same, or -1.
std::vector<int64_t> FindSame(std::span<const std::string_view> questions, double similarity) {
  if (similarity < 1) {
    return FindNearDuplicates(questions, similarity);
  }
  absl::flat_hash_map<std::string, int64_t> seen;
  std::vector<int64_t> same;
  for (const std::string_view question : questions) {
    const auto [first, is_new] = seen.try_emplace(WithoutExtraSpace(question), std::ssize(same));
    same.push_back(is_new ? -1 : first->second);
  }
  return same;
}

// Removes the rows for which `fault` has something to say, and keeps what it says.
template <class FaultOf>
Faults RemoveRows(std::vector<Row>& rows, FaultOf fault) {
  Faults faults;
  std::vector<Row> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string text = fault(i);
    if (text.empty()) {
      kept.push_back(std::move(rows[i]));
    } else {
      faults.Add(std::move(text));
    }
  }
  rows = std::move(kept);
  return faults;
}

Faults RemoveDuplicates(std::vector<Row>& rows, double similarity) {
  std::vector<std::string_view> questions;
  AppendQuestions(rows, questions);
  const std::vector<int64_t> same = FindSame(questions, similarity);
  std::vector<std::string> places;
  std::ranges::transform(rows, std::back_inserter(places), &Row::where);
  return RemoveRows(rows, [&](size_t i) {
    return same[i] < 0 ? "" : fmt::format("{}: asks what {} asks", places[i], places[static_cast<size_t>(same[i])]);
  });
}

// Reads one file: its records as rows, without those that cannot be used or were asked before.
class FileReader {
 public:
  FileReader(const Source& source, const std::string& path) : source_(source), path_(path) {}

  absl::StatusOr<std::vector<Row>> Read() {
    const JsonlConfig& config = source_.config;
    const int64_t limit = config.limit > 0 ? config.limit : std::numeric_limits<int64_t>::max();
    CUPEL_RETURN_IF_ERROR(ReadRecords(path_, [&](const Record& record) {
      Add(record);
      return file_.rows < limit;
    }));
    if (file_.rows == 0) {
      return InvalidArgument("{}: the file holds no rows; expected one JSON object per line, or an array of them", path_);
    }
    if (bad_.count() > 0 && config.on_bad_row == "refuse") {
      return bad_.Refusal(file_.rows, "on_bad_row");
    }
    if (rows_.empty()) {
      return InvalidArgument("{}: none of its {} rows can be used; the first: {}", path_, file_.rows, bad_.first().front());
    }
    Faults duplicates;
    if (config.duplicates != "keep") {
      duplicates = RemoveDuplicates(rows_, config.similarity);
    }
    if (duplicates.count() > 0 && config.duplicates == "refuse") {
      return duplicates.Refusal(file_.rows, "duplicates");
    }
    Report(duplicates);
    return std::move(rows_);
  }

 private:
  void Add(const Record& record) {
    ++file_.rows;
    if (source_.context.progress && file_.rows % kProgressEvery == 0) {
      source_.context.progress(path_, file_.rows);
    }
    absl::StatusOr<Row> row = ReadRow(record, source_.config, *source_.preset);
    absl::Status status = row.status();
    if (status.ok() && source_.context.check_gold) {
      status = Annotate(source_.context.check_gold(row->task), row->where);
    }
    if (status.ok()) {
      const auto [first, is_new] = place_of_id_.try_emplace(row->task.id, row->where);
      status = is_new ? absl::OkStatus() : InvalidArgument("{}: the id \"{}\" is also that of {}", row->where, row->task.id, first->second);
    }
    if (status.ok()) {
      rows_.push_back(*std::move(row));
    } else {
      bad_.Add(std::string(Message(status)));
    }
  }

  void Report(const Faults& duplicates) {
    if (source_.context.report == nullptr) {
      return;
    }
    file_.bad = bad_.count();
    file_.duplicates = duplicates.count();
    file_.kept = std::ssize(rows_);
    file_.problems = bad_.first();
    file_.problems.insert(file_.problems.end(), duplicates.first().begin(), duplicates.first().end());
    if (source_.is_training) {
      source_.context.report->files[path_] = file_;
    } else {  // loaded for training, more is known about it
      source_.context.report->files.try_emplace(path_, file_);
    }
  }

  const Source& source_;
  const std::string& path_;
  FileReport file_;
  Faults bad_;
  std::vector<Row> rows_;
  absl::flat_hash_map<std::string, std::string> place_of_id_;
};

absl::StatusOr<std::vector<Row>> ReadRows(const Source& source, const std::string& path) { return FileReader(source, path).Read(); }

// A further evaluation set, "FILE" or "PRESET:FILE". Only its questions matter: rows without one are passed over, golds are not looked at.
absl::StatusOr<std::vector<Row>> ReadQuestions(const Source& source, const std::string& name) {
  const size_t colon = name.find(':');
  const std::string preset = name.substr(0, colon == std::string::npos ? 0 : colon);
  const bool has_preset = std::ranges::find(Presets(), preset, &Preset::name) != Presets().end();
  JsonlConfig config = source.config;
  if (has_preset) {
    config = JsonlConfig();
    config.preset = preset;
  }
  config.on_bad_row = "skip";
  config.duplicates = "keep";
  const LoadContext questions_only = {.check_gold = {}, .report = nullptr, .progress = source.context.progress, .excluded = nullptr};
  CUPEL_ASSIGN_OR_RETURN(const Source other, MakeSource(config, questions_only));
  return ReadRows(other, has_preset ? name.substr(colon + 1) : name);
}

// The training rows that ask what the others ask: the same text, a similar one, or so many words in a row.
Faults RemoveOverlap(const JsonlConfig& config, const std::vector<Row>& asked, std::vector<Row>& rows) {
  std::vector<std::string_view> questions;
  AppendQuestions(asked, questions);
  AppendQuestions(rows, questions);
  const std::vector<int64_t> same = FindSame(questions, config.similarity);
  WordRuns runs(config.decontaminate_words);
  for (size_t i = 0; i < asked.size() && config.decontaminate_words > 0; ++i) {
    runs.Add(asked[i].asked, static_cast<int64_t>(i));
  }
  return RemoveRows(rows, [&](size_t i) -> std::string {
    const int64_t twin = same[asked.size() + i];
    if (twin >= 0 && twin < std::ssize(asked)) {
      return fmt::format("{}: asks what {} asks, which is for evaluation", rows[i].where, asked[static_cast<size_t>(twin)].where);
    }
    const int64_t sharing = config.decontaminate_words > 0 ? runs.Find(rows[i].asked) : -1;
    return sharing < 0 ? ""
                       : fmt::format("{}: has {} words in a row in common with {}, which is for evaluation", rows[i].where,
                                     config.decontaminate_words, asked[static_cast<size_t>(sharing)].where);
  });
}

absl::Status Decontaminate(const Source& source, std::vector<Row> asked, std::vector<Row>& rows) {
  const JsonlConfig& config = source.config;
  for (const std::string& name : config.decontaminate_against) {
    CUPEL_ASSIGN_OR_RETURN(std::vector<Row> more, ReadQuestions(source, name));
    std::ranges::move(more, std::back_inserter(asked));
  }
  const int64_t num_rows = std::ssize(rows);
  const Faults faults = RemoveOverlap(config, asked, rows);
  if (faults.count() > 0 && config.on_overlap == "refuse") {
    return faults.Refusal(num_rows, "on_overlap");
  }
  if (source.context.report != nullptr) {
    FileReport& file = source.context.report->files[config.path];
    file.overlapping = faults.count();
    file.kept -= faults.count();
    file.problems.insert(file.problems.end(), faults.first().begin(), faults.first().end());
  }
  return absl::OkStatus();
}

// The rows of one file in two: those that training draws, and those held out.
struct TwoSplits {
  std::vector<Row> train;
  std::vector<Row> eval;
};

TwoSplits SplitRows(std::vector<Row> rows, double held_out_fraction) {
  TwoSplits splits;
  for (Row& row : rows) {
    (IsHeldOut(row.question, held_out_fraction) ? splits.eval : splits.train).push_back(std::move(row));
  }
  return splits;
}

absl::StatusOr<std::vector<Row>> RowsOf(const Source& source, Split split) {
  const JsonlConfig& config = source.config;
  if (!config.eval_path.empty() && split == Split::kEval) {
    return ReadRows(source, config.eval_path);
  }
  CUPEL_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadRows(source, config.path));
  const int64_t num_rows = std::ssize(rows);
  TwoSplits splits;
  if (config.eval_path.empty()) {
    splits = SplitRows(std::move(rows), config.held_out_fraction);
  } else {
    splits.train = std::move(rows);
    CUPEL_ASSIGN_OR_RETURN(splits.eval, ReadRows(source, config.eval_path));
  }
  std::vector<Row>& wanted = split == Split::kEval ? splits.eval : splits.train;
  if (wanted.empty()) {
    return InvalidArgument("{}: held_out_fraction {} of {} rows leaves the {} split empty; change it, or name data.jsonl.eval_path",
                           config.path, config.held_out_fraction, num_rows, split == Split::kTrain ? "training" : "evaluation");
  }
  if (split == Split::kTrain) {
    CUPEL_RETURN_IF_ERROR(Decontaminate(source, std::move(splits.eval), splits.train));
    if (splits.train.empty()) {
      return InvalidArgument("{}: every question is also asked by evaluation, so nothing is left to train on", config.path);
    }
  }
  return std::move(wanted);
}

absl::Status CheckConfig(const JsonlConfig& config) {
  if (config.path.empty()) {
    return InvalidArgument("data.jsonl.path is empty; name the file of training tasks");
  }
  if (!(config.held_out_fraction >= 0 && config.held_out_fraction < 1)) {
    return InvalidArgument("data.jsonl.held_out_fraction is {}; expected 0 or more and less than 1", config.held_out_fraction);
  }
  if (config.limit < 0) {
    return InvalidArgument("data.jsonl.limit is {}; expected 0 or more", config.limit);
  }
  if (!(config.similarity > 0 && config.similarity <= 1)) {
    return InvalidArgument("data.jsonl.similarity is {}; expected more than 0 and at most 1", config.similarity);
  }
  if (config.template_text.find(kPlaceholder) == std::string::npos) {
    return InvalidArgument("data.jsonl.template \"{}\" does not contain {}", config.template_text, kPlaceholder);
  }
  if (!config.verifier_options.empty()) {
    CUPEL_ASSIGN_OR_RETURN(const Json options, ParseJson(config.verifier_options, "data.jsonl.verifier_options"));
    if (!options.is_object()) {
      return InvalidArgument("data.jsonl.verifier_options: expected a JSON object, found {}", options.type_name());
    }
  }
  return absl::OkStatus();
}

class JsonlDataset final : public Dataset {
 public:
  explicit JsonlDataset(std::vector<Row> rows) {
    tasks_.reserve(rows.size());
    std::ranges::transform(rows, std::back_inserter(tasks_), [](Row& row) { return std::move(row.task); });
  }
  int64_t size() const override { return std::ssize(tasks_); }
  Task At(int64_t index) const override { return tasks_.at(static_cast<size_t>(index)); }

 private:
  std::vector<Task> tasks_;
};

}  // namespace

// The file fixes the order of both splits; the sampler shuffles the training one.
absl::StatusOr<std::unique_ptr<Dataset>> MakeJsonlDataset(const DatasetConfig& config, uint64_t /*seed*/, Split split,
                                                          const LoadContext& context) {
  CUPEL_ASSIGN_OR_RETURN(Source source, MakeSource(config.jsonl, context));
  source.is_training = split == Split::kTrain;
  CUPEL_RETURN_IF_ERROR(CheckConfig(source.config));
  CUPEL_ASSIGN_OR_RETURN(std::vector<Row> rows, RowsOf(source, split));
  return std::make_unique<JsonlDataset>(std::move(rows));
}

}  // namespace cupel
