#pragma once

#include <string>

#include "policy/policy.h"

namespace cupel {

// A problem whose gradient is known in closed form, computed by the same code as training: a sign error, a wrong denominator or a lost term
// shows here before it costs a run. One prompt, G one-token answers o_i with advantages A_i, on-policy, token_mean. With h the normed
// hidden state and pi the distribution after the prompt, the gradient of the head's row v is
//
//   g_v = c_v h,  c_v = -(1/G) sum_i A_i (1[o_i = v] - pi_v)
//
// for every token v that is not in the prompt (an embedding that is tied to the head also gets the prompt's gradient).
struct CanaryResult {
  double largest_error = 0;  // over all elements of g, relative to the largest element
  double loss = 0;           // 0 in closed form: the advantages sum to zero
  bool is_right = false;     // both within rounding of the policy's number type
};

// The gradients of the policy are zero before and after. Needs EnableTraining; trains all weights.
CanaryResult RunCanary(Policy& policy);

}  // namespace cupel
