#include "experiments/analysis/thinking_budget.h"

#include <algorithm>
#include <string_view>

#include "base/status.h"
#include "experiments/consensus.h"
#include "verifiers/verifier.h"

namespace cupel {
namespace {

constexpr std::string_view kThinkEnd = "</think>";
constexpr std::string_view kForce = "</think>\n<answer>";

// One answer at one budget.
struct Cut {
  size_t group = 0;
  size_t sample = 0;
  std::vector<TokenId> written;  // thought and what forces the answer; empty when nothing was cut
};

// Runs every cut answer to its end; the texts in the order of `cuts`.
absl::StatusOr<std::vector<std::string>> FinishAnswers(const std::vector<Cut>& cuts, const std::vector<RolloutGroup>& groups,
                                                       int64_t budget, const BudgetRequest& request, GenerationEngine& engine,
                                                       const Tokenizer& tokenizer) {
  SamplingParams sampling = request.sampling;
  if (sampling.stop_tokens.empty()) {
    sampling.stop_tokens = tokenizer.stop_tokens();
  }
  for (size_t i = 0; i < cuts.size(); ++i) {
    GenerationRequest one;
    one.id = i;
    one.prompt = groups[cuts[i].group].prompt;
    one.prompt.insert(one.prompt.end(), cuts[i].written.begin(), cuts[i].written.end());
    one.sampling = sampling;
    one.random = {.seed = request.seed,
                  .purpose = RandomPurpose::kEvaluation,
                  .step = static_cast<uint32_t>(1 + budget),
                  .prompt = static_cast<uint32_t>(cuts[i].group),
                  .first_sample = static_cast<uint32_t>(cuts[i].sample)};
    CUPEL_RETURN_IF_ERROR(engine.Add(std::move(one)));
  }
  std::vector<std::string> texts(cuts.size());
  while (!engine.idle()) {
    for (const GenerationEvent& event : engine.Step()) {
      if (event.finished) {
        std::vector<TokenId> tokens = cuts[event.request_id].written;
        tokens.insert(tokens.end(), event.finished->tokens.begin(), event.finished->tokens.end());
        texts[event.request_id] = tokenizer.Decode(tokens);
      }
    }
  }
  return texts;
}

}  // namespace

int64_t ThoughtTokens(const std::vector<TokenId>& tokens, const Tokenizer& tokenizer) {
  std::string text;
  for (size_t i = 0; i < tokens.size(); ++i) {
    text += tokenizer.TokenBytes(tokens[i]);
    const size_t tail = kThinkEnd.size() + tokenizer.TokenBytes(tokens[i]).size();
    if (text.find(kThinkEnd, text.size() - std::min(text.size(), tail)) != std::string::npos) {
      return static_cast<int64_t>(i);
    }
  }
  return static_cast<int64_t>(tokens.size());
}

absl::StatusOr<std::vector<BudgetPoint>> MeasureBudgets(const std::vector<RolloutGroup>& groups, const BudgetRequest& request,
                                                        GenerationEngine& engine, const Tokenizer& tokenizer) {
  if (!std::ranges::is_sorted(request.budgets, std::less_equal<>()) || (!request.budgets.empty() && request.budgets.front() < 0)) {
    return InvalidArgument("budgets of thought must be rising numbers of tokens from 0");
  }
  const std::vector<TokenId> force = tokenizer.Encode(kForce);
  std::vector<BudgetPoint> points;
  for (const int64_t budget : request.budgets) {
    BudgetPoint point{.budget = budget};
    std::vector<Cut> cuts;
    double thought = 0;
    double answers = 0;
    for (size_t g = 0; g < groups.size(); ++g) {
      for (size_t s = 0; s < groups[g].rollouts.size(); ++s) {
        const std::vector<TokenId>& tokens = groups[g].rollouts[s].completion.tokens;
        const int64_t length = ThoughtTokens(tokens, tokenizer);
        answers += 1;
        thought += static_cast<double>(std::min(length, budget));
        if (length > budget) {
          Cut& cut = cuts.emplace_back(Cut{g, s, {tokens.begin(), tokens.begin() + budget}});
          cut.written.insert(cut.written.end(), force.begin(), force.end());
        }
      }
    }
    CUPEL_ASSIGN_OR_RETURN(const std::vector<std::string> texts, FinishAnswers(cuts, groups, budget, request, engine, tokenizer));
    std::vector<double> shares;
    auto cut = cuts.begin();
    for (size_t g = 0; g < groups.size(); ++g) {
      CUPEL_ASSIGN_OR_RETURN(const Verifier* verifier, FindVerifier(groups[g].task.verifier));
      double correct = 0;
      for (size_t s = 0; s < groups[g].rollouts.size(); ++s) {
        Outcome outcome = groups[g].rollouts[s].verdict.outcome;
        if (cut != cuts.end() && cut->group == g && cut->sample == s) {
          outcome = verifier->Verify(groups[g].task, texts[static_cast<size_t>(cut - cuts.begin())]).outcome;
          ++cut;
        }
        correct += outcome == Outcome::kCorrect ? 1 : 0;
      }
      shares.push_back(correct / static_cast<double>(groups[g].rollouts.size()));
    }
    const MeanError pass = MeanAndError(shares);
    point.pass_at_1 = pass.mean;
    point.error = pass.error;
    point.forced = answers > 0 ? static_cast<double>(cuts.size()) / answers : 0;
    point.mean_thought = answers > 0 ? thought / answers : 0;
    points.push_back(point);
  }
  return points;
}

Json BudgetJson(const std::vector<BudgetPoint>& points) {
  Json list = Json::array();
  for (const BudgetPoint& point : points) {
    list.push_back({{"budget", point.budget},
                    {"pass@1", point.pass_at_1},
                    {"error", point.error},
                    {"forced", point.forced},
                    {"mean_thought", point.mean_thought}});
  }
  return list;
}

}  // namespace cupel
