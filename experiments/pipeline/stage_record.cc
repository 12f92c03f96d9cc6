#include "experiments/pipeline/stage_record.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/status.h"
#include "experiments/run_folder.h"

namespace cupel {
namespace {

std::string RecordPath(const Stage& stage) { return stage.folder + "/stage.json"; }

absl::Status Refuse(const Stage& stage, std::string_view what) {
  return FailedPrecondition(
      "finished, but {}; remove {} and the folders of the stages after it to run them again, or choose another pipeline.folder", what,
      stage.folder);
}

}  // namespace

absl::StatusOr<std::string> OutputDigest(const Stage& stage) {
  if (!Exists(stage.output)) {
    return NotFound("the output {} of stage {} is gone", stage.output, stage.name);
  }
  return stage.gives_model ? ModelDigest(stage.output) : Sha256File(stage.output);
}

absl::StatusOr<Json> InputDigests(const Pipeline& pipeline, const Stage& stage) {
  Json digests = Json::array();
  for (const Stage::Input& input : stage.inputs) {
    const auto source = std::ranges::find(pipeline.stages, input.stage, &Stage::name);
    CUPEL_ASSIGN_OR_RETURN(const std::string digest, OutputDigest(*source));
    digests.push_back({{"key", input.key}, {"stage", input.stage}, {"digest", digest}});
  }
  return digests;
}

absl::StatusOr<std::optional<Json>> ReadFinished(const Pipeline& pipeline, const Stage& stage) {
  if (!Exists(RecordPath(stage))) {
    return std::optional<Json>();
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string text, ReadFile(RecordPath(stage)));
  CUPEL_ASSIGN_OR_RETURN(Json record, ParseJson(text, RecordPath(stage)));
  if (!record.is_object() || !record.contains("recipe") || !record.contains("inputs") || !record.contains("digest")) {
    return DataLoss("{}: is not the record of a stage; remove {} to run the stage again", RecordPath(stage), stage.folder);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::vector<std::string> differences, ChangedSince(record["recipe"], RecordPath(stage), stage.recipe));
  if (!differences.empty()) {
    return Refuse(stage, fmt::format("with other settings ({})", fmt::join(differences, "; ")));
  }
  CUPEL_ASSIGN_OR_RETURN(const Json inputs, InputDigests(pipeline, stage));
  if (inputs != record["inputs"]) {
    return Refuse(stage, "from other inputs than those that are there");
  }
  CUPEL_ASSIGN_OR_RETURN(const std::string digest, OutputDigest(stage));
  if (Json(digest) != record["digest"]) {
    return Refuse(stage, fmt::format("its output {} is not what it was", stage.output));
  }
  return std::optional<Json>(std::move(record));
}

absl::Status WriteFinished(const Pipeline& pipeline, const Stage& stage, const Json& facts, const Json& cost) {
  CUPEL_ASSIGN_OR_RETURN(Json inputs, InputDigests(pipeline, stage));
  CUPEL_ASSIGN_OR_RETURN(const std::string digest, OutputDigest(stage));
  const Json record = {{"name", stage.name},
                       {"kind", stage.kind},
                       {"recipe", RecipeJson(stage.recipe)},
                       {"inputs", std::move(inputs)},
                       {"output", stage.output},
                       {"digest", digest},
                       {"facts", facts},
                       {"cost", cost}};
  return WriteFileAtomically(RecordPath(stage), DumpJson(record, 2) + "\n");
}

}  // namespace cupel
