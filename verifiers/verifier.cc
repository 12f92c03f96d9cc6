#include "verifiers/verifier.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/config.h"
#include "base/status.h"
#include "verifiers/registry.h"

namespace cupel {
namespace {

struct Entry {
  std::string_view name;
  const Verifier& (*get)();
};

constexpr auto kVerifiers = std::to_array<Entry>({
#define CUPEL_VERIFIER(name, Get) {#name, &Get},
#include "verifiers/registry.def"
#undef CUPEL_VERIFIER
});

static_assert(std::ranges::adjacent_find(kVerifiers, std::ranges::greater_equal(), &Entry::name) == kVerifiers.end(),
              "verifiers/registry.def must be sorted by name, without duplicates");

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCorrect:
      return "correct";
    case Outcome::kIncorrect:
      return "incorrect";
    case Outcome::kNoAnswer:
      return "no_answer";
    case Outcome::kUndecided:
      return "undecided";
    case Outcome::kError:
      return "error";
  }
  CheckFailed("an Outcome holds one of its values", std::source_location::current());
}

absl::StatusOr<const Verifier*> FindVerifier(std::string_view name) {
  const auto entry = std::ranges::find(kVerifiers, name, &Entry::name);
  if (entry != kVerifiers.end()) {
    return &entry->get();
  }
  const std::vector<std::string_view> views = VerifierNames();
  const std::vector<std::string> names(views.begin(), views.end());
  const std::string nearest = NearestName(name, names);
  return NotFound("there is no verifier \"{}\"{}; verifiers are {}", name,
                  nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(names, ", "));
}

std::vector<std::string_view> VerifierNames() {
  std::vector<std::string_view> names;
  std::ranges::transform(kVerifiers, std::back_inserter(names), &Entry::name);
  return names;
}

}  // namespace cupel
