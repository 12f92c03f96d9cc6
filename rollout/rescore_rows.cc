#include "rollout/rescore_rows.h"

#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "rollout/log_schema.h"

namespace cupel {
namespace {

constexpr std::string_view kInsert =
    "INSERT INTO rescored (rescore_id, rollout_id, outcome, extracted, reason, cost, verifier, verifier_version, terms, reward, advantage)"
    " SELECT ?1, rollout_id, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 FROM groups JOIN rollouts USING (group_id)"
    " WHERE run_id = ?2 AND step = ?3 AND group_idx = ?4 AND sample_idx = ?5";

std::string TermsJson(const std::vector<RewardTerm>& terms) {
  Json array = Json::array();
  for (const RewardTerm& term : terms) {
    array.push_back({term.name, term.value, term.weight});
  }
  return DumpJson(array);
}

}  // namespace

absl::StatusOr<RescoreWriter> RescoreWriter::Open(const std::string& path, int64_t run_id, const Header& header) {
  CUPEL_ASSIGN_OR_RETURN(SqliteConnection connection, OpenLogForWriting(path));
  RescoreWriter writer(std::move(connection), run_id);
  CUPEL_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*writer.connection_));
  writer.transaction_.push_back(std::move(transaction));
  {
    CUPEL_ASSIGN_OR_RETURN(
        SqliteStatement insert,
        writer.connection_->Prepare("INSERT INTO rescores (run_id, label, settings, program_version) VALUES (?1, ?2, ?3, ?4)"));
    const absl::Status status = insert.Run(run_id, std::string_view(header.label), std::string_view(DumpJson(header.settings)),
                                           std::string_view(header.program_version));
    if (absl::IsAlreadyExists(status)) {
      return absl::AlreadyExistsError(fmt::format("{}: has a rescoring \"{}\" already: choose another --label", path, header.label));
    }
    CUPEL_RETURN_IF_ERROR(status);
  }
  writer.rescore_id_ = writer.connection_->last_insert_rowid();
  CUPEL_ASSIGN_OR_RETURN(SqliteStatement insert, writer.connection_->Prepare(kInsert));
  writer.insert_.push_back(std::move(insert));
  return writer;
}

absl::Status RescoreWriter::Add(const std::vector<RolloutGroup>& groups) {
  for (const RolloutGroup& group : groups) {
    for (const Rollout& rollout : group.rollouts) {
      const Verdict& verdict = rollout.verdict;
      CUPEL_RETURN_IF_ERROR(insert_.front().Run(
          rescore_id_, run_id_, group.step, group.group_idx, rollout.completion.sample_idx, OutcomeName(verdict.outcome),
          std::string_view(verdict.extracted), std::string_view(verdict.reason), verdict.cost, std::string_view(group.task.verifier),
          rollout.verifier_version, std::string_view(TermsJson(rollout.terms)), rollout.reward, rollout.advantage));
    }
  }
  return absl::OkStatus();
}

absl::Status RescoreWriter::Commit() {
  Check(transaction_.size() == 1, "a rescoring is committed once");
  insert_.clear();
  return transaction_.front().Commit();
}

}  // namespace cupel
