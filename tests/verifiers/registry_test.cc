// Every verifier of the registry: its cases as data, and the laws of the family. Run alone: build/release/tests/verifiers_test "[verifier]"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/status.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

struct Case {
  std::string where;
  Task task;
  std::string text;
  std::string outcome;
  std::string rule;
};

// tests/verifiers/cases/NAME.jsonl: {"gold", "text", "outcome", "rule", optionally "metadata"}.
std::vector<Case> ReadCases(std::string_view verifier) {
  const std::string path = std::string(CUPEL_SOURCE_DIR "/tests/verifiers/cases/") + std::string(verifier) + ".jsonl";
  LineReader reader = LineReader::Open(path).value();
  std::vector<Case> cases;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, path).value();
    Case item;
    item.where = std::string(verifier) + ".jsonl:" + std::to_string(reader.line_number());
    item.task = {item.where, {{"user", "?"}}, row["gold"], std::string(verifier), row.contains("metadata") ? row["metadata"].dump() : ""};
    item.text = row["text"];
    item.outcome = row["outcome"];
    item.rule = row["rule"];
    cases.push_back(std::move(item));
  }
  return cases;
}

// Golds that each verifier must accept in every wrapper.
std::vector<std::string> Golds(std::string_view verifier) {
  if (verifier == "number") {
    return {"12", "-5", "0", "1234567", "3.25", "3/4", "1,234"};
  }
  if (verifier == "code") {
    return {"def f(x):\n    return x + 1", "def f(x):\n    return x * 2", "def f(x):\n    return x - 3"};
  }
  if (verifier == "puzzle") {
    return {"12", "-5", "0", "1234567", "1,234"};
  }
  if (verifier == "math") {
    return {"12", "\\frac{3}{4}", "x^2+1", "(1,2)", "\\{1,2,3\\}", "[0,1)", "2\\sqrt{3}"};
  }
  if (verifier == "ifeval" || verifier == "regex") {
    return {"violet", "zebra", "two words"};
  }
  if (verifier == "boxed") {
    return {"12"};
  }
  if (verifier == "choice") {
    return {"A", "B", "C", "D"};
  }
  if (verifier == "json") {
    return {R"({"a": 1})", "[1, 2]", R"({"b": "}"})"};
  }
  if (verifier == "language") {
    return {
        "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03c3\u03b5 \u03cc\u03bb\u03bf\u03c5\u03c2 \u03b5\u03b4\u03ce "
        "\u03c0\u03ad\u03c1\u03b1",
        "\u0434\u043e\u0431\u0440\u044b\u0439 \u0434\u0435\u043d\u044c \u0432\u0430\u043c \u0438 \u0438\u043c",
        "\u4f60\u597d\u4e16\u754c\u65e9\u4e0a"};
  }
  if (verifier == "sql") {
    return {"SELECT name FROM t WHERE size > 1", "SELECT sum(size) FROM t", "SELECT size, name FROM t ORDER BY size"};
  }
  if (verifier == "tag_count") {
    return {"<first>", "<second>", "[end]"};
  }
  if (verifier == "tags") {
    return {"think answer", "plan code", "answer"};
  }
  return {"Paris", "B", "two words", "x^2"};
}

std::vector<std::string> TagNames(const std::string& gold) {
  const size_t blank = gold.find(' ');
  return blank == std::string::npos ? std::vector{gold} : std::vector{gold.substr(0, blank), gold.substr(blank + 1)};
}

// A task whose right answer is `gold`. Of a program, f(5) is what is known.
Task GoldTask(std::string_view verifier, const std::string& gold) {
  Task task{"t", {{"user", "?"}}, gold, std::string(verifier), ""};
  if (verifier == "code") {
    const int expected = gold.ends_with("+ 1") ? 6 : gold.ends_with("* 2") ? 10 : 2;
    task.metadata =
        R"({"format": "call", "record": {"function": "f", "tests": [{"args": [5], "expected": )" + std::to_string(expected) + "}]}}";
  }
  if (verifier == "puzzle") {
    task.metadata = R"({"source_dataset": "chain_sum", "variant": "cupel"})";
  }
  if (verifier == "ifeval") {  // asked for the gold as a keyword
    task.metadata = R"({"instruction_id_list": ["keywords:existence"], "kwargs": [{"keywords": [")" + gold + R"("]}]})";
  }
  if (verifier == "regex") {
    task.metadata = R"({"of": "answer", "pattern": ")" + gold + R"("})";
  }
  if (verifier == "json") {
    task.metadata = R"({"match_gold": true})";
  }
  if (verifier == "language") {
    const std::string code = gold.starts_with("\u03ba") ? "el" : gold.starts_with("\u0434") ? "ru" : "zh";
    task.metadata = R"({"language": ")" + code + R"("})";
  }
  if (verifier == "sql") {
    task.metadata = R"({"setup": "CREATE TABLE t (name TEXT, size INT); INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3);"})";
  }
  if (verifier == "tag_count") {
    task.metadata = R"({"marks": [")" + gold + R"("]})";
  }
  if (verifier == "tags") {
    task.metadata = R"({"tags": )" + Json(TagNames(gold)).dump() + "}";
  }
  return task;
}

// The verifiers that can judge on this machine: all, but `code` only where a sandbox is to be had.
std::vector<std::string_view> Judges() {
  std::vector<std::string_view> names = VerifierNames();
  const std::string program = Golds("code").front();
  const Verdict verdict = (*FindVerifier("code"))->Verify(GoldTask("code", program), "```python\n" + program + "\n```");
  if (verdict.outcome == Outcome::kError) {
    WARN("SKIPPED: the verifier code: " << verdict.reason);
    std::erase(names, "code");
  }
  return names;
}

std::vector<std::string> Wrap(std::string_view verifier, const std::string& gold) {
  if (verifier == "boxed") {
    return {"\\boxed{" + gold + "}", "So it is $\\boxed{" + gold + "}$.", "<think>\\boxed{7}</think>\\fbox{ " + gold + " }"};
  }
  if (verifier == "json" || verifier == "sql") {
    return {gold, "```" + std::string(verifier) + "\n" + gold + "\n```", "<answer>" + gold + "</answer>",
            "<answer>\n```\n" + gold + "\n```\n</answer>", "<think>```\n[0]\n```</think>Here it is:\n```\n" + gold + "\n```\nThat is all."};
  }
  if (verifier == "language") {
    return {gold, "<think>" + gold + "</think> Paris is the right answer", gold + " $x + y$ \\frac{1}{2} 12", "# " + gold + "!"};
  }
  if (verifier == "tag_count") {
    return {gold, "a " + gold + " b", "\n" + gold + "\n", gold + gold.substr(0, 3)};
  }
  if (verifier == "tags") {
    std::vector<std::string> texts = {"", "", ""};
    for (const std::string& name : TagNames(gold)) {
      texts[0] += "<" + name + ">x</" + name + ">";
      texts[1] += "\n<" + name + ">\n1 < 2 & <b>y</b>\n</" + name + ">\n";
      texts[2] += "  <" + name + ">\\boxed{7}</" + name + ">";
    }
    return texts;
  }
  if (verifier == "code") {
    return {"```python\n" + gold + "\n```", "~~~py\n" + gold + "\n~~~\nThat is it.",
            "<think>```python\ndef f(x): return 0\n```</think>Here:\n```\n" + gold + "\n```\n",
            "```python\ndef f(x): return 0\n```\nBetter:\n````python3\n" + gold + "\n````"};
  }
  return {"\\boxed{" + gold + "}",           "I think it is 7. So \\boxed{" + gold + "}.",
          "$\\boxed{ " + gold + " }$",       "\\fbox{" + gold + "}",
          "<answer>" + gold + "</answer>",   "<think>7 or 8</think>\n<answer>\n" + gold + "\n</answer>",
          "step 1: 7\n#### " + gold,         "The answer is " + gold + ".",
          "the answer is: **" + gold + "**", "**Final Answer:** " + gold + "\n"};
}

std::string Repeat(std::string_view part, size_t count) {
  std::string text;
  text.reserve(part.size() * count);
  for (size_t i = 0; i < count; ++i) {
    text += part;
  }
  return text;
}

std::string RandomBytes(uint32_t stream, size_t size, std::string_view alphabet) {
  RandomStream random(1, RandomPurpose::kTaskContent, stream);
  std::string text(size, '\0');
  std::ranges::generate(text,
                        [&] { return alphabet.empty() ? static_cast<char>(random.Below(256)) : alphabet[random.Below(alphabet.size())]; });
  return text;
}

// Texts of about a megabyte that a model under pressure, or an enemy, might write. None holds an answer of Golds().
std::vector<std::string> HostileTexts() {
  constexpr size_t kMega = 1'000'000;
  std::vector<std::string> texts = {
      Repeat("9", kMega),
      "\\boxed{" + Repeat("9", kMega) + "}",
      "\\boxed{0." + Repeat("0", kMega) + "1}",
      "\\boxed{" + Repeat("9", kMega / 2) + "/" + Repeat("7", kMega / 2 - 20) + "}",
      "\\boxed{1e" + Repeat("9", kMega) + "}",
      "\\boxed{" + Repeat("1,", kMega / 2) + "}",
      "\\boxed{" + Repeat("1,234,", kMega / 6) + "}",
      Repeat("{", kMega),
      Repeat("}", kMega),
      Repeat("{", kMega / 2) + Repeat("}", kMega / 2),
      "\\boxed{" + Repeat("{", kMega / 2) + Repeat("}", kMega / 2) + "}",
      Repeat("\\boxed{", 100'000),
      Repeat("\\boxed{", 50'000) + Repeat("}", 50'000),
      Repeat("\\boxed{", 50'000) + "x" + Repeat("}", 50'000),
      Repeat("\\boxed ", 100'000),
      Repeat("\\boxed{}", 100'000),
      Repeat("\\", kMega),
      Repeat("\\frac{", 150'000),
      Repeat("\\frac{1}{", 100'000),
      Repeat("\\text{", 150'000) + Repeat("}", 100'000),
      "\\boxed{" + Repeat("\\text{", 100'000) + "x" + Repeat("}", 100'000) + "}",
      "\\boxed{" + Repeat("$", kMega) + "}",
      "\\boxed{" + Repeat(" ", kMega) + "}",
      "\\boxed{12345678 " + Repeat("apples ", 140'000) + "}",
      "\\boxed{" + Repeat("-", kMega) + "7}",
      Repeat("<answer>", 100'000),
      Repeat("</answer>", 100'000),
      Repeat("<answer></answer>", 50'000),
      Repeat("<think>", 100'000),
      Repeat("</think>", 100'000),
      Repeat("<", kMega),
      Repeat("#", kMega),
      Repeat("#### ", 200'000),
      Repeat("####\n", 200'000),
      Repeat("#### $", 150'000),
      Repeat("the answer is ", 70'000),
      Repeat("answer:", 140'000),
      Repeat("answer: \n", 100'000),
      "answer is " + Repeat(" ", kMega),
      Repeat("a", kMega),
      Repeat("1 ", kMega / 2) + "x2",
      Repeat("1%", kMega / 2),
      Repeat("77777-", 150'000),
      Repeat(".", kMega),
      Repeat("1.", kMega / 2),
      Repeat("^", kMega),
      std::string(kMega, '\0'),
      std::string("\\boxed{\0}", 9) + std::string("\0\0\0", 3),
      Repeat("\xFF\xFE", kMega / 2),
      Repeat("\xE2\x88\x92", 300'000),
      "\\boxed{\xE2\x88}",
      Repeat("\r\n", kMega / 2),
  };
  for (uint32_t i = 0; i < 8; ++i) {
    texts.push_back(RandomBytes(i, 100'000, ""));
    texts.push_back(RandomBytes(100 + i, 100'000, "\\boxed{}<>/answer#: 8.$"));
  }
  return texts;
}

std::string Describe(const Verdict& verdict) {
  return std::string(OutcomeName(verdict.outcome)) + "|" + verdict.rule + "|" + verdict.extracted + "|" + verdict.reason + "|" +
         std::to_string(verdict.span.begin) + "|" + std::to_string(verdict.span.end) + "|" + std::to_string(verdict.cost);
}

TEST_CASE("every case has the verdict written beside it", "[verifier]") {
  for (const std::string_view name : Judges()) {
    const Verifier& verifier = *FindVerifier(name).value();
    const std::vector<Case> cases = ReadCases(name);
    CHECK(cases.size() >= 20);
    for (const Case& item : cases) {
      CAPTURE(item.where, item.task.answer, item.text);
      const Verdict verdict = verifier.Verify(item.task, item.text);
      CAPTURE(verdict.extracted, verdict.reason);
      CHECK(OutcomeName(verdict.outcome) == item.outcome);
      CHECK(verdict.rule == item.rule);
      CHECK(verdict.reason.empty() == false);
      CHECK((item.outcome == "error") == !verifier.CheckGold(item.task).ok());
    }
  }
}

TEST_CASE("the gold answer is correct in every wrapper", "[verifier]") {
  for (const std::string_view name : Judges()) {
    const Verifier& verifier = *FindVerifier(name).value();
    for (const std::string& gold : Golds(name)) {
      const Task task = GoldTask(name, gold);
      REQUIRE(verifier.CheckGold(task).ok());
      for (const std::string& text : Wrap(name, gold)) {
        CAPTURE(name, gold, text);
        CHECK(verifier.Verify(task, text).outcome == Outcome::kCorrect);
      }
    }
  }
}

TEST_CASE("another gold's answer is incorrect in every wrapper", "[verifier]") {
  for (const std::string_view name : Judges()) {
    const Verifier& verifier = *FindVerifier(name).value();
    const std::vector<std::string> golds = Golds(name);
    for (size_t i = 0; golds.size() > 1 && i < golds.size(); ++i) {  // of a single one, the gold plays no part
      const Task task = GoldTask(name, golds[i]);
      for (const std::string& text : Wrap(name, golds[(i + 1) % golds.size()])) {
        CAPTURE(name, golds[i], text);
        CHECK(verifier.Verify(task, text).outcome == Outcome::kIncorrect);
      }
    }
  }
}

TEST_CASE("hostile text is never correct and its cost is linear", "[verifier]") {
  const std::vector<std::string> texts = HostileTexts();
  for (const std::string_view name : Judges()) {
    const Verifier& verifier = *FindVerifier(name).value();
    const Task task = GoldTask(name, Golds(name).front());
    for (size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(name, i, texts[i].substr(0, 40));
      const Verdict verdict = verifier.Verify(task, texts[i]);
      CHECK((verdict.outcome != Outcome::kCorrect || name == "boxed"));  // which asks for a box around anything
      CHECK(verdict.outcome != Outcome::kError);
      CHECK(verdict.cost <= 8 * std::ssize(texts[i]) + 1000);
      CHECK(verdict.extracted.size() <= 256);
      CHECK(verdict.reason.size() <= 1000);
      CHECK((0 <= verdict.span.begin && verdict.span.begin <= verdict.span.end && verdict.span.end <= std::ssize(texts[i])));
    }
  }
}

TEST_CASE("a verdict is the same the second time and from eight threads", "[verifier]") {
  for (const std::string_view name : Judges()) {
    const Verifier& verifier = *FindVerifier(name).value();
    const std::vector<Case> cases = ReadCases(name);
    const auto judge_all = [&] {
      std::vector<std::string> verdicts;
      std::ranges::transform(cases, std::back_inserter(verdicts),
                             [&](const Case& item) { return Describe(verifier.Verify(item.task, item.text)); });
      return verdicts;
    };
    const std::vector<std::string> expected = judge_all();
    std::vector<std::vector<std::string>> found(8);
    std::vector<std::thread> threads;
    for (auto& verdicts : found) {
      threads.emplace_back([&] { verdicts = judge_all(); });
    }
    std::ranges::for_each(threads, &std::thread::join);
    for (const auto& verdicts : found) {
      CHECK(verdicts == expected);
    }
  }
}

TEST_CASE("names are sorted, known, and unknown ones get a suggestion", "[verifier]") {
  const std::vector<std::string_view> names = VerifierNames();
  CHECK(std::ranges::is_sorted(names));
  for (const std::string_view name : names) {
    CHECK(FindVerifier(name).value()->name() == name);
    CHECK(FindVerifier(name).value()->version() >= 1);
  }
  const absl::Status status = FindVerifier("nubmer").status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(Message(status)), Catch::Contains("did you mean \"number\"?"));
}

}  // namespace
}  // namespace cupel
