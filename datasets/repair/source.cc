// Repairs of small projects as a source of training tasks.

#include <algorithm>

#include "base/random.h"
#include "base/status.h"
#include "datasets/permutation.h"
#include "datasets/prompt.h"
#include "datasets/registry.h"
#include "datasets/repair/tasks.h"
#include "datasets/split.h"

namespace cupel {
namespace {

using repair::Bug;
using repair::Hint;
using repair::PatchForm;
using repair::Template;

constexpr uint32_t kRepair = 0x72657061;  // third counter word: apart from the other users of kTaskContent

absl::Status CheckNames(const std::vector<std::string>& chosen, const std::vector<std::string>& known, std::string_view key) {
  for (const std::string& name : chosen) {
    if (std::ranges::find(known, name) == known.end()) {
      const std::string nearest = NearestName(name, known);
      return InvalidArgument("data.repair.{}: there is no \"{}\"{}; there are {}", key, name,
                             nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest), fmt::join(known, ", "));
    }
  }
  return absl::OkStatus();
}

bool IsChosen(const std::vector<std::string>& chosen, std::string_view name) {
  return chosen.empty() || std::ranges::find(chosen, name) != chosen.end();
}

absl::Status CheckConfig(const RepairConfig& config, const std::vector<Template>& templates) {
  std::vector<std::string> projects;
  std::ranges::transform(templates, std::back_inserter(projects), [](const Template& one) { return one.project.name; });
  const std::vector<std::string_view> kinds = repair::MutationKinds();
  CUPEL_RETURN_IF_ERROR(CheckNames(config.languages, {"python", "cpp"}, "languages"));
  CUPEL_RETURN_IF_ERROR(CheckNames(config.projects, projects, "projects"));
  return CheckNames(config.bugs, {kinds.begin(), kinds.end()}, "bugs");
}

class RepairDataset final : public Dataset {
 public:
  RepairDataset(RepairConfig config, std::vector<Template> templates, uint64_t seed, Split split)
      : config_(std::move(config)), templates_(std::move(templates)), is_eval_(split == Split::kEval) {
    seed_ = is_eval_ ? kSplitSeed : seed;
    for (const Template& one : templates_) {
      for (const Bug& bug : one.bugs) {
        const bool is_wanted = IsChosen(config_.languages, one.project.is_cpp ? "cpp" : "python") &&
                               IsChosen(config_.projects, one.project.name) && IsChosen(config_.bugs, bug.mutation.kind);
        if (is_wanted && IsHeldOut(one.project.name + "/" + bug.mutation.Key(), config_.held_out_fraction) == is_eval_) {
          places_.push_back({&one.project, &bug});
          capacity_ = std::min(capacity_, config_.rename ? NumVariants(one.project) : 1);
        }
      }
    }
  }

  int64_t num_bugs() const { return std::ssize(places_); }
  // How many different tasks there are: every bug under every choice of names.
  int64_t capacity() const { return capacity_ * num_bugs(); }
  int64_t size() const override { return is_eval_ ? config_.eval_size : config_.size; }

  Task At(int64_t index) const override {
    const int64_t round = index / num_bugs();
    const auto key = RandomKey(seed_, RandomPurpose::kTaskContent);
    const int64_t bug_idx = PermutedIndex(num_bugs(), key, static_cast<uint64_t>(round), index % num_bugs());
    const Place& place = places_[static_cast<size_t>(bug_idx)];
    const int64_t num_variants = config_.rename ? NumVariants(*place.project) : 1;
    // Each round takes other names for the same bug.
    const int64_t variant = PermutedIndex(num_variants, key, (uint64_t{1} << 40) + static_cast<uint64_t>(bug_idx), round);
    RandomStream stream(seed_, RandomPurpose::kTaskContent, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), kRepair);
    repair::RepairTask made = MakeRepairTask(*place.project, *place.bug, variant, HintOf(), FormOf(), stream.Below(64));
    Task task;
    task.id = std::move(made.id);
    task.prompt = QuestionPrompt(config_.system, std::move(made.question));
    task.answer = std::move(made.patch);
    task.verifier = "code";
    task.metadata = std::move(made.metadata);
    return task;
  }

 private:
  struct Place {
    const repair::Project* project;
    const Bug* bug;
  };

  Hint HintOf() const { return config_.hint == "place" ? Hint::kPlace : config_.hint == "test" ? Hint::kTest : Hint::kNames; }
  PatchForm FormOf() const { return config_.answer == "diff" ? PatchForm::kDiff : PatchForm::kSearchReplace; }

  RepairConfig config_;
  std::vector<Template> templates_;
  bool is_eval_;
  uint64_t seed_ = 0;
  std::vector<Place> places_;
  int64_t capacity_ = INT64_MAX;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> MakeRepairDataset(const DatasetConfig& config, uint64_t seed, Split split,
                                                           const LoadContext& /*context*/) {
  std::vector<Template> templates = repair::LoadTemplates();
  CUPEL_RETURN_IF_ERROR(CheckConfig(config.repair, templates));
  const std::string_view name = split == Split::kEval ? "evaluation" : "training";
  auto dataset = std::make_unique<RepairDataset>(config.repair, std::move(templates), seed, split);
  if (dataset->num_bugs() == 0) {
    return InvalidArgument(
        "data.repair: no bug of these languages, projects and kinds falls into the {} split; name more, or change "
        "held_out_fraction",
        name);
  }
  if (dataset->size() > dataset->capacity()) {
    return InvalidArgument("data.repair.{}: {} tasks are wanted, but only {} {} tasks differ with these settings; lower it{}",
                           split == Split::kEval ? "eval_size" : "size", dataset->size(), dataset->capacity(), name,
                           config.repair.rename ? "" : ", or set rename");
  }
  return dataset;
}

}  // namespace cupel
