// Checks of assignments, orders and conclusions.

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "datasets/procedural/formula.h"
#include "verifiers/answer/characters.h"
#include "verifiers/answer/extract.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/reading.h"
#include "verifiers/puzzles/roles.h"

namespace cupel {
namespace {

Finding CheckOrder(const std::vector<int64_t>& order, int64_t num_courses, const std::vector<std::pair<int64_t, int64_t>>& pairs) {
  std::vector<int64_t> place(static_cast<size_t>(num_courses), -1);
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 0 || order[i] >= num_courses || place[static_cast<size_t>(order[i])] >= 0) {
      return Wrong("a course does not exist, or stands twice");
    }
    place[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  }
  if (std::ssize(order) != num_courses) {
    return Wrong("not all courses are there");
  }
  for (const auto& [course, before] : pairs) {
    if (place.at(static_cast<size_t>(before)) > place.at(static_cast<size_t>(course))) {
      return Wrong(fmt::format("course {} comes before its prerequisite {}", course, before));
    }
  }
  return Right();
}

Finding CheckCycle(const std::vector<int64_t>& cycle, const std::vector<std::pair<int64_t, int64_t>>& pairs) {
  const std::set<std::pair<int64_t, int64_t>> known(pairs.begin(), pairs.end());
  if (cycle.empty() || std::set(cycle.begin(), cycle.end()).size() != cycle.size()) {
    return Wrong("a cycle names courses, each once");
  }
  for (size_t i = 0; i < cycle.size(); ++i) {
    const std::pair<int64_t, int64_t> step(cycle[i], cycle[(i + 1) % cycle.size()]);
    if (!known.contains(step)) {
      return Wrong(fmt::format("course {} does not need course {}", step.first, step.second));
    }
  }
  return Right();
}

}  // namespace

Finding CheckCourseSchedule(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto pairs = metadata.at("prerequisites").get<std::vector<std::pair<int64_t, int64_t>>>();
  const size_t colon = answer.find(':');
  const std::string kind = LowerCaseText(TrimSpace(answer.substr(0, colon)));
  const auto courses = ReadIntegers(colon == std::string_view::npos ? "" : answer.substr(colon + 1));
  if (!courses || (kind != "order" && kind != "cycle")) {
    return Wrong("neither \"order: ...\" nor \"cycle: ...\" with courses");
  }
  const auto num_courses = metadata.at("num_courses").get<int64_t>();
  if (num_courses < 0 || num_courses > 100'000) {
    return Wrong("the item has no such number of courses");
  }
  return kind == "order" ? CheckOrder(*courses, num_courses, pairs) : CheckCycle(*courses, pairs);
}

Finding CheckGraphColor(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const Json& puzzle = metadata.at("puzzle");
  const absl::StatusOr<Json> coloring = ParseJson(answer, "answer", {.max_depth = 2});
  if (!coloring.ok() || !coloring->is_object()) {
    return Wrong("not a JSON object");
  }
  const auto vertices = puzzle.at("vertices").get<std::vector<int64_t>>();
  const auto num_colors = puzzle.at("num_colors").get<int64_t>();
  const auto color_of = [&](int64_t vertex) {
    const auto color = coloring->find(std::to_string(vertex));
    return color != coloring->end() && color->is_number_integer() ? color->get<int64_t>() : int64_t{0};
  };
  if (coloring->size() != vertices.size()) {
    return Wrong("not every vertex has one colour");
  }
  for (const int64_t vertex : vertices) {
    if (color_of(vertex) < 1 || color_of(vertex) > num_colors) {
      return Wrong(fmt::format("vertex {} has none of the colours", vertex));
    }
  }
  for (const auto& [a, b] : puzzle.at("edges").get<std::vector<std::pair<int64_t, int64_t>>>()) {
    if (color_of(a) == color_of(b)) {
      return Wrong(fmt::format("vertices {} and {} are joined and have the same colour", a, b));
    }
  }
  return Right();
}

Finding CheckCryptarithm(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto words = metadata.at("words_letters").get<std::vector<std::string>>();
  const auto result = metadata.at("result_letters").get<std::string>();
  const bool allows_zero = metadata.at("allow_leading_zero").get<bool>();
  std::array<int, 256> digit_of{};
  digit_of.fill(-1);
  std::set<char> letters(result.begin(), result.end());
  for (const std::string& word : words) {
    letters.insert(word.begin(), word.end());
  }
  const auto pairs = ReadPairs(answer, '=');
  if (!pairs || pairs->size() != letters.size()) {
    return Wrong("not one digit for every letter, in the form A=1,B=2");
  }
  std::set<std::string> digits;
  for (const auto& [letter, digit] : *pairs) {
    const bool is_known = letter.size() == 1 && letters.contains(letter[0]) && digit_of[static_cast<unsigned char>(letter[0])] < 0;
    if (!is_known || digit.size() != 1 || !IsDigit(digit[0]) || !digits.insert(digit).second) {
      return Wrong("a letter that is not there or stands twice, or a digit that is none or is used twice");
    }
    digit_of[static_cast<unsigned char>(letter[0])] = digit[0] - '0';
  }
  bool has_leading_zero = false;
  const auto value = [&](const std::string& word) {
    int64_t sum = 0;
    for (const char letter : word.substr(0, 17)) {
      sum = sum * 10 + digit_of[static_cast<unsigned char>(letter)];
    }
    has_leading_zero = has_leading_zero || digit_of[static_cast<unsigned char>(word.at(0))] == 0;
    return sum;
  };
  int64_t sum = 0;
  for (const std::string& word : words) {
    sum += value(word);
  }
  if (sum != value(result)) {
    return Wrong("the sum is not right");
  }
  return has_leading_zero && !allows_zero ? Wrong("a number starts with 0") : Right();
}

std::optional<std::vector<NamedRole>> ReadRoles(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    plain += c == ',' || c == ';' || c == '.' || c == '\n' ? '\n' : c;
  }
  std::vector<NamedRole> roles;
  for (std::string_view clause : Lines(plain)) {
    std::vector<std::string_view> words = Words(clause);
    // "Ada is a knight and Leo is a knave": clauses of four words, perhaps joined by "and".
    for (size_t i = 0; i < words.size();) {
      i += LowerCaseText(words[i]) == "and" ? 1 : 0;
      if (words.size() - i < 4 || LowerCaseText(words[i + 1]) != "is" ||
          (LowerCaseText(words[i + 2]) != "a" && LowerCaseText(words[i + 2]) != "an")) {
        return std::nullopt;
      }
      roles.push_back({std::string(words[i]), LowerCaseText(words[i + 3])});
      i += 4;
    }
  }
  return roles;
}

Finding CheckKnightsKnaves(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto names = metadata.at("names").get<std::vector<std::string>>(), expected = metadata.at("roles").get<std::vector<std::string>>();
  const auto roles = ReadRoles(answer);
  if (!roles || roles->size() != names.size()) {
    return Wrong("not everybody once, in the form \"Ada is a knight, Leo is a knave\"");
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const auto named = [&](const NamedRole& role) { return LowerCaseText(role.name) == LowerCaseText(names[i]); };
    const auto role = std::ranges::find_if(*roles, named);
    if (role == roles->end() || std::ranges::count_if(*roles, named) != 1) {
      return Wrong(fmt::format("{} is not named exactly once", names[i]));
    }
    if (role->role != expected.at(i)) {
      return Wrong(fmt::format("{} is not a {}", names[i], Excerpt(role->role)));
    }
  }
  return Right();
}

Finding CheckConclusion(const Json& metadata, std::string_view /*gold*/, std::string_view answer) {
  const auto variables = metadata.at("variables").get<std::string>();
  const auto conclusion = ReadFormula(TrimSpace(answer), variables);
  if (!conclusion) {
    return Wrong("not one formula over the variables of the statements");
  }
  TruthTable together = AllRows(variables.size() % 9);
  bool follows_alone = (AllRows(variables.size() % 9) & ~*conclusion).none();
  for (const auto& text : metadata.at("premises").get<std::vector<std::string>>()) {
    const TruthTable premise = ReadFormula(text, variables).value_or(TruthTable());
    follows_alone = follows_alone || (premise & ~*conclusion).none();
    together &= premise;
  }
  if ((together & ~*conclusion).any()) {
    return Wrong("it does not follow");
  }
  return follows_alone ? Wrong("it is always true, or follows from one of the statements alone") : Right();
}

}  // namespace cupel
