#include "experiments/report/report_groups.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "rollout/sqlite.h"

namespace cupel {
namespace {

constexpr size_t kMaxSteps = 40;
constexpr size_t kMaxPromptBytes = 20'000;

// Steps in the order in which they are shown while the budget lasts: both ends, then the middle of every gap, widest first.
std::vector<int64_t> StepsByPriority(const std::vector<int64_t>& steps) {
  std::vector<int64_t> order;
  const auto add = [&](size_t index) {
    if (order.size() < kMaxSteps && std::ranges::find(order, steps[index]) == order.end()) {
      order.push_back(steps[index]);
    }
  };
  if (steps.empty()) {
    return order;
  }
  add(0);
  add(steps.size() - 1);
  for (size_t parts = 2; parts <= 2 * steps.size() && order.size() < std::min(kMaxSteps, steps.size()); parts *= 2) {
    for (size_t part = 1; part < parts; part += 2) {
      add(part * (steps.size() - 1) / parts);
    }
  }
  return order;
}

struct GroupSummary {
  int64_t group_id = 0;
  double mean = 0;
  double variance = 0;
  int64_t num_tokens = 0;
};

absl::StatusOr<std::vector<GroupSummary>> GroupsOfStep(const RolloutStore& store, int64_t step) {
  std::vector<GroupSummary> groups;
  CUPEL_ASSIGN_OR_RETURN(
      SqliteStatement row,
      store.connection().Prepare("SELECT group_id, avg(reward), avg(reward * reward) - avg(reward) * avg(reward), sum(num_tokens)"
                                 " FROM groups JOIN rollouts USING (group_id) WHERE run_id = ?1 AND step = ?2 GROUP BY group_id"));
  row.Query(store.run_id(), step);
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return groups;
    }
    groups.push_back({row.Integer(0), row.Real(1), row.Real(2), row.Integer(3)});
  }
}

// Group to the reasons for showing it.
using Choice = std::map<int64_t, std::vector<std::string>>;

void Choose(const std::vector<GroupSummary>& groups, const std::string& place, int64_t& tokens_left, Choice& choice) {
  const auto take = [&](const GroupSummary& group, const std::string& why) {
    std::vector<std::string>& reasons = choice[group.group_id];
    if (reasons.empty()) {
      tokens_left -= group.num_tokens;
      if (!place.empty()) {
        reasons.push_back(place);
      }
    }
    reasons.push_back(why);
  };
  if (groups.empty()) {
    return;
  }
  take(*std::ranges::max_element(groups, {}, &GroupSummary::variance), "divided");
  if (tokens_left > 0) {
    take(*std::ranges::max_element(groups, {}, &GroupSummary::mean), "best");
    take(*std::ranges::min_element(groups, {}, &GroupSummary::mean), "worst");
  }
}

// What token ids stand for; empty for a log without vocabulary.
using Vocabulary = std::unordered_map<TokenId, std::string>;

absl::StatusOr<Vocabulary> ReadVocabulary(const RolloutStore& store) {
  Vocabulary vocabulary;
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, store.connection().Prepare("SELECT token_id, bytes FROM vocabulary WHERE run_id = ?1"));
  row.Query(store.run_id());
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
    if (!has_row) {
      return vocabulary;
    }
    vocabulary[static_cast<TokenId>(row.Integer(0))] = row.Text(1);
  }
}

void AddTokens(const Completion& completion, const Vocabulary& vocabulary, Json& json) {
  json["tokens"] = Json::array();
  json["logprobs"] = Json::array();
  if (vocabulary.empty()) {
    return;
  }
  std::string piece;
  double logprob = 0;
  for (size_t i = 0; i < completion.tokens.size(); ++i) {
    const auto bytes = vocabulary.find(completion.tokens[i]);
    piece += bytes == vocabulary.end() ? fmt::format("[{}]", completion.tokens[i]) : bytes->second;
    logprob += completion.logprobs[i];
    const std::string valid = ReplaceInvalidUtf8(piece);
    if (valid == piece || i + 1 == completion.tokens.size() || piece.size() > 8) {
      json["tokens"].push_back(valid);
      json["logprobs"].push_back(std::isfinite(logprob) ? Json::parse(fmt::format("{:.3g}", logprob)) : Json(nullptr));
      piece.clear();
      logprob = 0;
    }
  }
}

Json RolloutToShow(const Rollout& rollout, const Vocabulary& vocabulary) {
  const Verdict& verdict = rollout.verdict;
  Json json = {{"sample", rollout.completion.sample_idx},
               {"outcome", OutcomeName(verdict.outcome)},
               {"extracted", verdict.extracted},
               {"span", {verdict.span.begin, verdict.span.end}},
               {"rule", verdict.rule},
               {"reason", verdict.reason},
               {"reward", Json::parse(fmt::format("{:.6g}", rollout.reward))},
               {"advantage", Json::parse(fmt::format("{:.6g}", rollout.advantage))},
               {"n", rollout.completion.tokens.size()},
               {"finish", FinishReasonName(rollout.completion.finish_reason)},
               {"text", rollout.text}};
  json["terms"] = Json::array();
  for (const RewardTerm& term : rollout.terms) {
    json["terms"].push_back({term.name, Json::parse(fmt::format("{:.6g}", term.value)), Json::parse(fmt::format("{:.6g}", term.weight))});
  }
  AddTokens(rollout.completion, vocabulary, json);
  return json;
}

Json GroupToShow(const RolloutGroup& group, const std::vector<std::string>& why, const Vocabulary& vocabulary) {
  Json json = {{"step", group.step + 1}, {"group", group.group_idx}, {"task", group.task.id}, {"answer", group.task.answer}, {"why", why}};
  json["messages"] = Json::array();
  for (const ChatMessage& message : group.task.prompt) {
    const bool is_long = message.content.size() > kMaxPromptBytes;
    json["messages"].push_back(
        {{"role", message.role},
         {"content", is_long ? ReplaceInvalidUtf8(message.content.substr(0, kMaxPromptBytes)) + "…" : message.content}});
  }
  json["rollouts"] = Json::array();
  for (const Rollout& rollout : group.rollouts) {
    json["rollouts"].push_back(RolloutToShow(rollout, vocabulary));
  }
  return json;
}

absl::StatusOr<std::pair<int64_t, int64_t>> PlaceOf(const RolloutStore& store, int64_t group_id) {
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement row, store.connection().Prepare("SELECT step, group_idx FROM groups WHERE group_id = ?1"));
  row.Query(group_id);
  CUPEL_ASSIGN_OR_RETURN(const bool has_row, row.Next());
  return has_row ? std::pair(row.Integer(0), row.Integer(1)) : std::pair(int64_t{-1}, int64_t{-1});
}

}  // namespace

absl::StatusOr<Json> SampleGroupsToShow(const RolloutStore& store, const std::vector<int64_t>& steps, int64_t max_tokens) {
  Choice choice;
  for (const int64_t step : StepsByPriority(steps)) {
    if (max_tokens <= 0) {
      break;
    }
    CUPEL_ASSIGN_OR_RETURN(const std::vector<GroupSummary> groups, GroupsOfStep(store, step));
    Choose(groups, step == steps.front() ? "first" : step == steps.back() ? "last" : "", max_tokens, choice);
  }
  CUPEL_ASSIGN_OR_RETURN(const Vocabulary vocabulary, ReadVocabulary(store));
  std::map<std::pair<int64_t, int64_t>, std::vector<std::string>> by_place;
  for (auto& [group_id, why] : choice) {
    CUPEL_ASSIGN_OR_RETURN(const auto place, PlaceOf(store, group_id));
    by_place[place] = std::move(why);
  }
  Json shown = Json::array();
  std::vector<RolloutGroup> groups;
  for (const auto& [place, why] : by_place) {
    if (groups.empty() || groups.front().step != place.first) {
      CUPEL_ASSIGN_OR_RETURN(groups, store.ReadStep(place.first));
    }
    const auto group = std::ranges::find(groups, place.second, &RolloutGroup::group_idx);
    if (group != groups.end()) {
      shown.push_back(GroupToShow(*group, why, vocabulary));
    }
  }
  return shown;
}

}  // namespace cupel
