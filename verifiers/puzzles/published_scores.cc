#include "verifiers/puzzles/published_scores.h"

#include <algorithm>
#include <array>

#include "verifiers/answer/characters.h"
#include "verifiers/puzzles/checks.h"
#include "verifiers/puzzles/reading.h"

namespace cupel {
namespace {

constexpr std::string_view kOpen = "<answer>", kClose = "</answer>";

// What follows the header of the assistant's turn, if there is one.
std::string_view Response(std::string_view text) {
  for (const std::string_view header : {"Assistant:", "<|im_start|>assistant"}) {
    if (const size_t at = text.find(header); at != std::string_view::npos) {
      return text.substr(at + header.size());
    }
  }
  return text;
}

size_t CountOf(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

// Each of the four tags once, in order.
bool HasStructure(std::string_view text) {
  size_t last = 0;
  for (const std::string_view tag : {std::string_view("<think>"), std::string_view("</think>"), kOpen, kClose}) {
    const size_t at = text.find(tag);
    if (CountOf(text, tag) != 1 || at < last) {
      return false;
    }
    last = at;
  }
  return true;
}

// The role that "NAME is a ROLE" gives in `words`, empty if nowhere; `count` receives how many such clauses there are.
std::string RoleOf(const std::vector<std::string_view>& words, std::string_view name, size_t& count) {
  std::string role;
  for (size_t i = 0; i + 3 < words.size(); ++i) {
    const bool is_role = words[i + 3] == "knight" || words[i + 3] == "knave";
    if (words[i] == name && words[i + 1] == "is" && words[i + 2] == "a" && is_role) {
      ++count;
      role = role.empty() ? std::string(words[i + 3]) : role;
    }
  }
  return role;
}

}  // namespace

std::optional<std::string> LastAnswerTag(std::string_view text) {
  const size_t close = text.rfind(kClose);
  size_t open = std::string_view::npos;
  // Matches are found from the left and do not overlap: the last one starts at the first opening tag behind the one before it.
  for (size_t begin = 0; begin <= close && close != std::string_view::npos;) {
    const size_t next_open = text.find(kOpen, begin);
    const size_t next_close = next_open == std::string_view::npos ? next_open : text.find(kClose, next_open);
    if (next_close == std::string_view::npos) {
      break;
    }
    open = next_open;
    begin = next_close + kClose.size();
  }
  if (open == std::string_view::npos) {
    return std::nullopt;
  }
  const size_t begin = open + kOpen.size();
  return std::string(TrimSpace(text.substr(begin, text.find(kClose, begin) - begin)));
}

double TinyZeroScore(const Json& metadata, std::string_view text) {
  std::string_view response = Response(text);
  const size_t line = response.rfind('\n');
  const auto answer = LastAnswerTag(line == std::string_view::npos ? response : response.substr(line + 1));
  if (!answer) {
    return 0;
  }
  return CheckCountdown(metadata, "", *answer).is_right ? 1 : 0.1;
}

double LogicRlScore(const Json& metadata, std::string_view text, bool is_exact) {
  const std::string_view response = Response(text);
  const auto names = metadata.at("names").get<std::vector<std::string>>(), roles = metadata.at("roles").get<std::vector<std::string>>();
  const auto answer = LastAnswerTag(response);
  const bool has_structure = HasStructure(response);
  const double structure = has_structure ? 1 : -1;
  if (!has_structure || !answer) {
    return structure - 2;
  }
  std::string plain = LowerCaseText(*answer);
  const size_t role_words = CountOf(plain, "knight") + CountOf(plain, "knave");
  std::ranges::replace_if(
      plain, [](char c) { return !IsLetter(c) && !IsDigit(c) && c != '_'; }, ' ');
  const std::vector<std::string_view> words = Words(plain);
  size_t clauses = 0;
  bool is_right = true;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string role = RoleOf(words, LowerCaseText(names[i]), clauses);
    if (role.empty()) {
      return structure - 2;
    }
    is_right = is_right && role == roles.at(i);
  }
  if ((is_exact ? role_words : clauses) != names.size()) {
    return structure - 2;
  }
  return structure + (is_right ? 2 : -1.5);
}

}  // namespace cupel
