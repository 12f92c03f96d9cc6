// Judges whether a whole text is made of tagged parts in order: <think>...</think> <answer>...</answer>. What stands in them plays no part.
//
//   {"tags": ["think", "answer"], "text_outside": false, "empty": false, "attributes": false}
//
// Correct is a text in which every tag of the list opens and closes exactly once, in this order, none inside another, with nothing but
// white space outside (text_outside: anything may stand there) and something else inside (empty: nothing need). Whatever looks like one of
// these tags counts as one: <Think>, < think >, </think/>, <think x="1">. Only the exact spelling is right, with `attributes` also an
// opening tag with some. The credit is the share of the tags that are right, taken in order up to the first that is not.
//
// How it is gamed: by filler inside the tags. It judges form, never content.

#include <algorithm>

#include <fmt/format.h>

#include "verifiers/answer/characters.h"
#include "verifiers/judging.h"
#include "verifiers/options.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

constexpr size_t kMaxTags = 16;
constexpr size_t kMaxName = 64;
constexpr size_t kMaxTagBytes = 256;  // of one tag with its attributes

struct Asked {
  std::vector<std::string> names = {"think", "answer"};
  bool text_outside = false;
  bool empty = false;
  bool attributes = false;
};

bool IsNameByte(char c) { return IsLetter(c) || IsDigit(c) || c == '_' || c == '-'; }

absl::Status CheckNames(const std::vector<std::string>& names) {
  if (names.empty() || names.size() > kMaxTags) {
    return InvalidArgument("verifier options: \"tags\" has {} names; expected 1 to {}", names.size(), kMaxTags);
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (name->empty() || name->size() > kMaxName || !std::ranges::all_of(*name, &IsNameByte)) {
      return InvalidArgument("verifier options: the tag \"{}\" is no name of letters, digits, _ and -; leave < and > away", Excerpt(*name));
    }
    const auto same = [&](const std::string& other) { return LowerCaseText(other) == LowerCaseText(*name); };
    if (std::any_of(names.begin(), name, same)) {
      return InvalidArgument("verifier options: the tag \"{}\" stands in the list twice", *name);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Asked> Read(const Task& task) {
  Asked asked;
  OptionReader options(task.metadata);
  options.Texts("tags", asked.names);
  options.Flag("text_outside", asked.text_outside);
  options.Flag("empty", asked.empty);
  options.Flag("attributes", asked.attributes);
  CUPEL_RETURN_IF_ERROR(options.Done());
  CUPEL_RETURN_IF_ERROR(CheckNames(asked.names));
  return asked;
}

// Something in a text that looks like a tag of the list.
struct Tag {
  size_t name_idx = 0;
  bool closes = false;
  bool is_exact = false;        // as it should be written
  bool has_attributes = false;  // exact but for what stands behind the name
  size_t begin = 0;
  size_t end = 0;
};

size_t SkipSpace(std::string_view text, size_t at) {
  while (at < text.size() && IsSpace(text[at])) {
    ++at;
  }
  return at;
}

// The tag that begins at the '<' at `begin`, if it is one of the list.
std::optional<Tag> ReadTag(std::string_view text, size_t begin, const std::vector<std::string>& names) {
  const std::string_view piece = text.substr(begin, kMaxTagBytes);
  const size_t slash = SkipSpace(piece, 1);
  const bool closes = CharAt(piece, slash) == '/';
  const size_t first = closes ? SkipSpace(piece, slash + 1) : slash;
  size_t last = first;
  while (last < piece.size() && IsNameByte(piece[last])) {
    ++last;
  }
  const std::string found = LowerCaseText(piece.substr(first, last - first));
  const auto name = std::ranges::find_if(names, [&](const std::string& one) { return LowerCaseText(one) == found; });
  const size_t end = piece.find_first_of("<>", last);
  if (name == names.end() || end == std::string_view::npos || piece[end] != '>') {
    return std::nullopt;
  }
  const std::string exact = (closes ? "</" : "<") + *name;
  const bool begins_exactly = piece.substr(0, last) == exact;
  return Tag{.name_idx = static_cast<size_t>(name - names.begin()),
             .closes = closes,
             .is_exact = begins_exactly && last == end,
             .has_attributes = begins_exactly && !closes && IsSpace(CharAt(piece, last)) && SkipSpace(piece, last) < end,
             .begin = begin,
             .end = begin + end + 1};
}

// At most one tag more than are asked for is ever of interest.
std::vector<Tag> FindTags(std::string_view text, const std::vector<std::string>& names) {
  std::vector<Tag> tags;
  for (size_t at = text.find('<'); at != std::string_view::npos && tags.size() <= 2 * names.size(); at = text.find('<', at)) {
    const std::optional<Tag> tag = ReadTag(text, at, names);
    at = tag ? tag->end : at + 1;
    if (tag) {
      tags.push_back(*tag);
    }
  }
  return tags;
}

std::string Spelling(const Asked& asked, size_t place) { return fmt::format("<{}{}>", place % 2 == 1 ? "/" : "", asked.names[place / 2]); }

// What is wrong with the tag at `place` of the order, opening and closing tags counted; empty when nothing is.
std::string TagProblem(const Asked& asked, const std::vector<Tag>& tags, size_t place, std::string_view text) {
  const std::string wanted = Spelling(asked, place);
  if (place >= tags.size()) {
    return fmt::format("{} is missing", wanted);
  }
  const Tag& tag = tags[place];
  const std::string_view written = text.substr(tag.begin, tag.end - tag.begin);
  if (tag.name_idx != place / 2 || tag.closes != (place % 2 == 1)) {
    return fmt::format("\"{}\" stands where {} should", Excerpt(written), wanted);
  }
  if (!tag.is_exact && !(asked.attributes && tag.has_attributes)) {
    return fmt::format("\"{}\" is not {}", Excerpt(written), wanted);
  }
  const std::string_view before = text.substr(place == 0 ? 0 : tags[place - 1].end, tag.begin - (place == 0 ? 0 : tags[place - 1].end));
  const bool is_blank = TrimSpace(before).empty();
  if (!tag.closes && !is_blank && !asked.text_outside) {
    return fmt::format("there is text before {}: \"{}\"", wanted, Excerpt(TrimSpace(before)));
  }
  return tag.closes && is_blank && !asked.empty ? fmt::format("nothing stands before {}", wanted) : std::string();
}

// What is wrong behind the last tag.
std::string EndProblem(const Asked& asked, const std::vector<Tag>& tags, std::string_view text) {
  const size_t wanted = 2 * asked.names.size();
  if (tags.size() > wanted) {
    return fmt::format("\"{}\" is one tag too many", Excerpt(text.substr(tags[wanted].begin, tags[wanted].end - tags[wanted].begin)));
  }
  const std::string_view after = TrimSpace(text.substr(tags.back().end));
  return after.empty() || asked.text_outside ? std::string() : fmt::format("there is text after the last tag: \"{}\"", Excerpt(after));
}

void JudgeTags(const Asked& asked, std::string_view text, Verdict& verdict) {
  const std::vector<Tag> tags = FindTags(text, asked.names);
  const size_t wanted = 2 * asked.names.size();
  std::string problem;
  size_t right = 0;
  while (right < wanted && (problem = TagProblem(asked, tags, right, text)).empty()) {
    ++right;
  }
  problem = problem.empty() ? EndProblem(asked, tags, text) : problem;
  right -= right == wanted && !problem.empty() ? 1 : 0;  // the last tag is not the end
  verdict.credit = static_cast<double>(right) / static_cast<double>(wanted);
  Settle(verdict, problem.empty() ? Outcome::kCorrect : Outcome::kIncorrect,
         problem.empty() ? fmt::format("{} tags, each once and in order", wanted) : problem);
}

class TagsVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "tags"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override {
    return JudgePart(answer, Part::kText, Read(task), &JudgeTags);
  }
  absl::Status CheckGold(const Task& task) const override { return Read(task).status(); }
};

}  // namespace

const Verifier& GetTagsVerifier() {
  static const TagsVerifier verifier;
  return verifier;
}

}  // namespace cupel
