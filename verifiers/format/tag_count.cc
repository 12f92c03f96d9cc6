// Judges whether marks of form stand in a text, each exactly once.
//
//   {"marks": ["<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"]}
//
// These four, the default, are open-r1's. Correct is a text that has every mark once; the credit is the share of the marks that stand there
// once, which is open-r1's tag_count_reward. Marks are plain text, counted without overlap, as Python's str.count does. Their order plays
// no part: see tags.cc for one that looks at it.
//
// How it is gamed: by the marks alone, in any order. Weigh it little.

#include <algorithm>

#include <fmt/format.h>

#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

constexpr size_t kMaxMarks = 32;

using Marks = std::vector<std::string>;

absl::StatusOr<Marks> Read(const Task& task) {
  Marks marks = {"<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"};
  OptionReader options(task.metadata);
  options.Texts("marks", marks);
  CUPEL_RETURN_IF_ERROR(options.Done());
  if (marks.empty() || marks.size() > kMaxMarks || std::ranges::any_of(marks, &std::string::empty)) {
    return InvalidArgument("verifier options: \"marks\" wants 1 to {} texts that are not empty", kMaxMarks);
  }
  return marks;
}

// How often a mark stands in a text, without overlap; counting ends at two.
int CountUpToTwo(std::string_view text, std::string_view mark) {
  const size_t first = text.find(mark);
  if (first == std::string_view::npos) {
    return 0;
  }
  return text.find(mark, first + mark.size()) == std::string_view::npos ? 1 : 2;
}

void JudgeMarks(const Marks& marks, std::string_view text, Verdict& verdict) {
  int64_t right = 0;
  std::string problem;
  for (const std::string& mark : marks) {
    const int count = CountUpToTwo(text, mark);
    right += count == 1 ? 1 : 0;
    if (count != 1 && problem.empty()) {
      problem = fmt::format("\"{}\" {}", Excerpt(mark), count == 0 ? "is missing" : "stands there more than once");
    }
  }
  verdict.credit = static_cast<double>(right) / static_cast<double>(marks.size());
  Settle(verdict, problem.empty() ? Outcome::kCorrect : Outcome::kIncorrect,
         fmt::format("{} of {} marks once{}{}", right, marks.size(), problem.empty() ? "" : ": ", problem));
}

class TagCountVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "tag_count"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgePart(answer, Part::kText, Read(task), &JudgeMarks);
  }
  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetTagCountVerifier() {
  static const TagCountVerifier verifier;
  return verifier;
}

}  // namespace cupel
