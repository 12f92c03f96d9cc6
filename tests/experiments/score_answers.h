#pragma once

#include <string>

#include <fmt/format.h>

#include "experiments/score/answers.h"

// Answers of an honest but fallible model, for tests of `cupel score`.

namespace cupel::testing {

// Sums and their answers: of every four, two are right and well formed, one is right without tags, one is wrong. Labels are true to the
// sum.
inline AnswerSet HonestAnswers(int num_groups, bool with_labels = false) {
  AnswerSet set;
  set.source = "honest";
  for (int g = 0; g < num_groups; ++g) {
    const int a = 13 + 7 * g, b = 5 + 3 * g;
    AnswerGroup group;
    group.task = {fmt::format("sum/{}", g),
                  {{"user", fmt::format("Please calculate the sum of {} and {}.", a, b)}},
                  std::to_string(a + b),
                  "math",
                  ""};
    for (int i = 0; i < 4; ++i) {
      const int said = i == 3 ? a + b + 1 : a + b;
      const std::string work =
          fmt::format("I take {} and count {} further, tens before ones{}", a, b, std::string(static_cast<size_t>(i), '.'));
      Answer answer;
      answer.text = i == 2 ? fmt::format("{}\nThe result is \\boxed{{{}}}.", work, said)
                           : fmt::format("<think>\n{}\n</think>\n<answer>\n\\boxed{{{}}}\n</answer>", work, said);
      answer.num_tokens = static_cast<int64_t>(answer.text.size()) / 4 + 1;
      answer.where = fmt::format("group {}, answer {}", g, i);
      if (with_labels) {
        answer.label = said == a + b ? 1.0 : 0.0;
      }
      group.answers.push_back(std::move(answer));
    }
    set.num_answers += 4;
    set.groups.push_back(std::move(group));
  }
  return set;
}

}  // namespace cupel::testing
