#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "datasets/task.h"

namespace cupel {

enum class Outcome : uint8_t {
  kCorrect,
  kIncorrect,
  kNoAnswer,   // nothing in the text can be read as an answer; scores like incorrect
  kUndecided,  // the work limit was reached before the question was settled; never scored
  kError,      // the verifier itself failed (its sandbox, its data); never scored
};
std::string_view OutcomeName(Outcome outcome);  // "correct", "incorrect", "no_answer", "undecided", "error"

// Half-open byte range of the judged text.
struct TextSpan {
  int64_t begin = 0;
  int64_t end = 0;
  bool operator==(const TextSpan&) const = default;
};

struct Verdict {
  Outcome outcome = Outcome::kNoAnswer;
  std::string extracted;  // what was taken for the answer; empty when none
  TextSpan span;          // where it stood; {0, 0} when none
  std::string rule;       // which rule found it: "boxed", "answer_tag", "hash", "answer_is", "last_number"
  std::string reason;     // one line for a person: "gold 12, answer 21"
  int64_t cost = 0;       // steps of work, a deterministic count
  double credit = 0;      // share of the task that is solved, in [0, 1], of verifiers that grade in parts; not logged
  bool is_scored() const { return outcome != Outcome::kUndecided && outcome != Outcome::kError; }
};

// Judges an answer by rule. const, deterministic, thread-safe; never throws on any text; work bounded by a count of steps, never by a
// clock.
class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual std::string_view name() const = 0;
  virtual int version() const = 0;  // raised when a verdict may change; stored with every verdict
  // `answer` is what the model wrote (any bytes).
  virtual Verdict Verify(const Task& task, std::string_view answer) const = 0;
  // Whether a gold answer is well formed for this verifier; datasets check theirs at load.
  virtual absl::Status CheckGold(const Task& task) const = 0;
};

// Every verifier by name, from verifiers/registry.def. NotFound names the nearest.
absl::StatusOr<const Verifier*> FindVerifier(std::string_view name);  // lives for the whole program, immutable
std::vector<std::string_view> VerifierNames();                        // sorted

}  // namespace cupel
