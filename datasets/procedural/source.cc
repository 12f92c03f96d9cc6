// The families of generated problems as a source of training tasks.

#include <algorithm>
#include <optional>

#include "base/sha256.h"
#include "base/status.h"
#include "datasets/procedural/family.h"
#include "datasets/prompt.h"
#include "datasets/registry.h"
#include "datasets/split.h"

namespace cupel {
namespace {

constexpr std::string_view kPlaceholder = "{question}";
constexpr int64_t kMaxAttempts = 2000;  // items drawn for one task until its question falls into the split

// The overrides that concern one family: its level, what is set for all, and what is set for it.
std::vector<std::string> OverridesFor(const ProceduralConfig& config, const std::string& family) {
  std::vector<std::string> overrides;
  if (config.variant == "cupel") {
    overrides.push_back(fmt::format("level={}", config.level));
  }
  for (const std::string& assignment : config.set) {
    const size_t dot = assignment.substr(0, assignment.find('=')).find('.');
    if (dot == std::string::npos) {
      overrides.push_back(assignment);
    } else if (assignment.substr(0, dot) == family) {
      overrides.push_back(assignment.substr(dot + 1));
    }
  }
  return overrides;
}

class ProceduralDataset final : public Dataset {
 public:
  ProceduralDataset(ProceduralConfig config, std::vector<ItemGenerator> generators, uint64_t seed, Split split)
      : config_(std::move(config)),
        generators_(std::move(generators)),
        seed_(split == Split::kEval ? kSplitSeed : seed),
        is_eval_(split == Split::kEval),
        per_family_((size() + std::ssize(generators_) - 1) / std::ssize(generators_)) {}

  int64_t size() const override { return is_eval_ ? config_.eval_size : config_.size; }

  Task At(int64_t index) const override {
    const auto family = static_cast<size_t>(index % std::ssize(generators_));
    std::optional<Task> task = Draw(family, index / std::ssize(generators_));
    // Make has seen that the first place of every family can be filled.
    return task ? *std::move(task) : *Draw(family, 0);
  }

  // The task at a place among those of its family; nullopt if no item of kMaxAttempts falls into the split.
  std::optional<Task> Draw(size_t family, int64_t place) const {
    const ItemGenerator& generator = generators_[family];
    for (int64_t attempt = 0; attempt < kMaxAttempts; ++attempt) {
      const absl::StatusOr<Item> item = generator.At(seed_, place + attempt * per_family_);
      if (item.ok() && IsHeldOut(item->question, config_.held_out_fraction) == is_eval_) {
        return MakeTask(*item, generator.family().name);
      }
    }
    return std::nullopt;
  }

 private:
  Task MakeTask(const Item& item, std::string_view family) const {
    Task task;
    task.id = fmt::format("{}/{}", family, Sha256Hex(item.question).substr(0, 16));
    task.prompt = QuestionPrompt(config_.system, FillTemplate(config_.template_text, kPlaceholder, item.question));
    task.answer = item.answer;
    task.verifier = "puzzle";
    task.metadata = item.metadata;
    if (config_.scoring != "strict") {
      task.metadata.insert(1, fmt::format("\"scoring\":\"{}\",", config_.scoring));
    }
    return task;
  }

  ProceduralConfig config_;
  std::vector<ItemGenerator> generators_;
  uint64_t seed_;
  bool is_eval_;
  int64_t per_family_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> MakeProceduralDataset(const DatasetConfig& config, uint64_t seed, Split split,
                                                               const LoadContext& /*context*/) {
  const ProceduralConfig& settings = config.procedural;
  if (settings.families.empty()) {
    return InvalidArgument("data.procedural.families is empty; `cupel tasks list` names the families");
  }
  if (settings.template_text.find(kPlaceholder) == std::string::npos) {
    return InvalidArgument("data.procedural.template \"{}\" does not contain {}", settings.template_text, kPlaceholder);
  }
  const Variant variant = settings.variant == "rg" ? Variant::kRg : Variant::kCupel;
  std::vector<ItemGenerator> generators;
  for (const std::string& family : settings.families) {
    absl::StatusOr<ItemGenerator> generator = ItemGenerator::Create(family, variant, OverridesFor(settings, family));
    CUPEL_RETURN_IF_ERROR(Annotate(generator.status(), "data.procedural"));
    CUPEL_RETURN_IF_ERROR(Annotate(generator->At(seed, 0).status(), "data.procedural"));
    generators.push_back(*std::move(generator));
  }
  auto dataset = std::make_unique<ProceduralDataset>(settings, std::move(generators), seed, split);
  for (size_t i = 0; i < settings.families.size(); ++i) {
    if (!dataset->Draw(i, 0)) {
      return InvalidArgument(
          "data.procedural: none of {} items of {} falls into the {} split; there are too few different questions: raise the "
          "level, or change held_out_fraction",
          kMaxAttempts, settings.families[i], split == Split::kTrain ? "training" : "evaluation");
    }
  }
  return dataset;
}

}  // namespace cupel
