#include "rollout/log_tables.h"

#include <array>

#include <fmt/format.h>

namespace cupel {
namespace {

// Numbers whose bits must come back are ANY, not REAL: a REAL column keeps whole numbers as integers and so loses the sign of -0.0. In
// `rollouts` the wide columns come last, so that a query over rewards or lengths does not walk through texts.
constexpr std::array kTables = {
    LogTable{"runs", R"sql((
  run_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  recipe TEXT NOT NULL,
  program_version TEXT NOT NULL,
  git_revision TEXT NOT NULL,
  build TEXT NOT NULL,
  kernels TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  host TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT
) STRICT)sql"},
    LogTable{"steps", R"sql((
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID)sql"},
    LogTable{"groups", R"sql((
  group_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  group_idx INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  messages TEXT NOT NULL,
  question TEXT GENERATED ALWAYS AS (json_extract(messages, '$[#-1].content')) VIRTUAL,
  answer TEXT NOT NULL,
  verifier TEXT NOT NULL,
  metadata TEXT NOT NULL,
  num_prompt_tokens INTEGER NOT NULL,
  prompt_tokens BLOB NOT NULL,
  UNIQUE (run_id, step, group_idx),
  FOREIGN KEY (run_id, step) REFERENCES steps
) STRICT)sql"},
    LogTable{"rollouts", R"sql((
  rollout_id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL REFERENCES groups,
  sample_idx INTEGER NOT NULL,
  finish_reason TEXT NOT NULL CHECK (finish_reason IN ('stop', 'length', 'aborted')),
  policy_version INTEGER NOT NULL,
  num_tokens INTEGER NOT NULL,
  reward ANY NOT NULL CHECK (typeof(reward) = 'real'),
  advantage ANY NOT NULL CHECK (typeof(advantage) = 'real'),
  sample_seconds REAL,
  verify_seconds REAL,
  text TEXT NOT NULL,
  tokens BLOB,
  logprobs BLOB,
  raw_logprobs BLOB,
  UNIQUE (group_id, sample_idx)
) STRICT)sql"},
    LogTable{"verdicts", R"sql((
  rollout_id INTEGER PRIMARY KEY REFERENCES rollouts,
  outcome TEXT NOT NULL CHECK (outcome IN ('correct', 'incorrect', 'no_answer', 'undecided', 'error')),
  extracted TEXT NOT NULL,
  span_begin INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  cost INTEGER NOT NULL,
  verifier TEXT NOT NULL,
  verifier_version INTEGER NOT NULL
) STRICT)sql"},
    LogTable{"reward_terms", R"sql((
  rollout_id INTEGER NOT NULL REFERENCES rollouts,
  term_idx INTEGER NOT NULL,
  name TEXT NOT NULL,
  value ANY NOT NULL CHECK (typeof(value) = 'real'),
  weight ANY NOT NULL CHECK (typeof(weight) = 'real'),
  PRIMARY KEY (rollout_id, term_idx)
) STRICT, WITHOUT ROWID)sql"},
    LogTable{"vocabulary", R"sql((
  run_id INTEGER NOT NULL REFERENCES runs,
  token_id INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  is_control INTEGER NOT NULL,
  PRIMARY KEY (run_id, token_id)
) STRICT, WITHOUT ROWID)sql"},
    LogTable{"updates", R"sql((
  run_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  policy_version INTEGER NOT NULL,
  weights_digest TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  PRIMARY KEY (run_id, step),
  FOREIGN KEY (run_id, step) REFERENCES steps
) STRICT, WITHOUT ROWID)sql"},
    LogTable{"metrics", R"sql((
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  metric_idx INTEGER NOT NULL,
  value ANY CHECK (value IS NULL OR typeof(value) = 'real'),
  PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID)sql"},
    LogTable{"evaluations", R"sql((
  evaluation_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  num_questions INTEGER NOT NULL,
  samples_per_question INTEGER NOT NULL,
  pass_at_1 ANY NOT NULL CHECK (typeof(pass_at_1) = 'real'),
  standard_error ANY CHECK (standard_error IS NULL OR typeof(standard_error) = 'real'),
  examples TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (run_id, step, name)
) STRICT)sql"},
    LogTable{"checkpoints", R"sql((
  checkpoint_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  step INTEGER NOT NULL,
  directory TEXT NOT NULL,
  manifest_sha256 TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT)sql"},
    LogTable{"events", R"sql((
  event_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT)sql"},
    LogTable{"rescores", R"sql((
  rescore_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  label TEXT NOT NULL,
  settings TEXT NOT NULL,
  program_version TEXT NOT NULL,
  stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (run_id, label)
) STRICT)sql"},
    LogTable{"rescored", R"sql((
  rescore_id INTEGER NOT NULL REFERENCES rescores,
  rollout_id INTEGER NOT NULL REFERENCES rollouts,
  outcome TEXT NOT NULL CHECK (outcome IN ('correct', 'incorrect', 'no_answer', 'undecided', 'error')),
  extracted TEXT NOT NULL,
  reason TEXT NOT NULL,
  cost INTEGER NOT NULL,
  verifier TEXT NOT NULL,
  verifier_version INTEGER NOT NULL,
  terms TEXT NOT NULL,
  reward ANY NOT NULL CHECK (typeof(reward) = 'real'),
  advantage ANY NOT NULL CHECK (typeof(advantage) = 'real'),
  PRIMARY KEY (rescore_id, rollout_id)
) STRICT, WITHOUT ROWID)sql"},
};

constexpr std::string_view kIndexes = R"sql(
CREATE INDEX groups_by_task ON groups (task_id);
CREATE INDEX rollouts_by_reward ON rollouts (reward);
CREATE INDEX verdicts_by_outcome ON verdicts (outcome);
CREATE INDEX metrics_by_step ON metrics (run_id, step);
CREATE INDEX rescored_by_rollout ON rescored (rollout_id);
)sql";

// An external-content index: the texts themselves stay in `rollouts`.
constexpr std::string_view kSearch = R"sql(
CREATE VIRTUAL TABLE completions USING fts5(text, content = 'rollouts', content_rowid = 'rollout_id');
)sql";

constexpr std::string_view kViews = R"sql(
CREATE VIEW samples AS
SELECT run_id, step, group_idx, sample_idx, task_id, question, answer, text, outcome, extracted, reason, reward, advantage,
       outcome NOT IN ('undecided', 'error') AS is_scored, num_tokens, finish_reason, policy_version, group_id, rollout_id
FROM groups JOIN rollouts USING (group_id) JOIN verdicts USING (rollout_id);

CREATE VIEW best_samples AS
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY run_id, step, group_idx ORDER BY reward DESC, sample_idx) AS place
  FROM samples WHERE is_scored)
WHERE place = 1;

CREATE VIEW worst_samples AS
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY run_id, step, group_idx ORDER BY reward, sample_idx) AS place
  FROM samples WHERE is_scored)
WHERE place = 1;

CREATE VIEW reward_by_task AS
SELECT run_id, task_id, question, answer, count(DISTINCT step) AS num_steps, count(*) AS num_rollouts, avg(reward) AS reward,
       avg(outcome = 'correct') AS pass_rate, avg(num_tokens) AS mean_length, min(step) AS first_step, max(step) AS last_step
FROM samples WHERE is_scored
GROUP BY run_id, task_id;

CREATE VIEW step_summary AS
WITH by_group AS (
  SELECT run_id, step, group_idx, count(*) AS num_rollouts, sum(is_scored) AS num_scored,
         sum(reward) FILTER (WHERE is_scored) AS reward, sum(outcome = 'correct') AS num_correct,
         ifnull(max(reward) FILTER (WHERE is_scored) > min(reward) FILTER (WHERE is_scored), 0) AS has_signal,
         sum(num_tokens) AS num_tokens, sum(finish_reason = 'length') AS num_truncated
  FROM samples GROUP BY run_id, step, group_idx)
SELECT run_id, step, stored_at, count(*) AS num_groups, sum(num_rollouts) AS num_rollouts,
       sum(num_rollouts) - sum(num_scored) AS num_unscored,
       sum(reward) / sum(num_scored) AS reward,
       1.0 * sum(num_correct) / sum(num_scored) AS pass_rate,
       1.0 - avg(has_signal) AS no_signal_fraction,
       1.0 * sum(num_tokens) / sum(num_rollouts) AS mean_length,
       1.0 * sum(num_truncated) / sum(num_rollouts) AS truncated_fraction,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'policy_loss') AS policy_loss,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'entropy') AS entropy,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'kl') AS kl,
       (SELECT value FROM metrics m WHERE m.run_id = s.run_id AND m.step = s.step AND m.name = 'step_time') AS step_time
FROM steps s JOIN by_group USING (run_id, step)
GROUP BY run_id, step;

CREATE VIEW verdict_changes AS
SELECT run_id, label, step, group_idx, sample_idx, task_id, question, s.answer, text,
       s.outcome AS outcome_before, r.outcome AS outcome_after, s.extracted AS extracted_before, r.extracted AS extracted_after,
       s.reason AS reason_before, r.reason AS reason_after, s.reward AS reward_before, r.reward AS reward_after,
       s.advantage AS advantage_before, r.advantage AS advantage_after, s.num_tokens, rescore_id, s.group_id, rollout_id
FROM rescores JOIN rescored r USING (rescore_id) JOIN samples s USING (run_id, rollout_id)
WHERE r.outcome <> s.outcome;
)sql";

constexpr std::array<std::string_view, 6> kViewNames = {"verdict_changes", "step_summary", "reward_by_task",
                                                        "worst_samples",   "best_samples", "samples"};

}  // namespace

std::span<const LogTable> LogTables() { return kTables; }

std::string CreateTableSql(const LogTable& table, std::string_view name) {
  return fmt::format("CREATE TABLE {} {};\n", name, table.definition);
}

std::string_view LogIndexSql() { return kIndexes; }
std::string_view LogSearchSql() { return kSearch; }
std::string_view LogViewSql() { return kViews; }
std::span<const std::string_view> LogViewNames() { return kViewNames; }

}  // namespace cupel
