// REINFORCE: l_t = -A log pi_t. For samples of the current policy it is the policy gradient; older ones bias it.

#include "grpo/objective/registry.h"

namespace cupel {

void Reinforce(const SequenceView& sequence, const ObjectiveConfig&, SequenceTerms& terms) {
  for (size_t t = 0; t < sequence.logprobs.size(); ++t) {
    terms.losses[t] = -sequence.advantage * sequence.logprobs[t];
    terms.gradients[t] = -sequence.advantage * sequence.weights[t];
  }
}

}  // namespace cupel
