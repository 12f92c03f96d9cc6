#include "policy/policy.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/ops/zeros_like.h>

#include "base/check.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status.h"
#include "policy/chat/chat_template.h"
#include "policy/checkpoint/hf_directory.h"
#include "policy/checkpoint/safetensors.h"
#include "policy/model/lora.h"
#include "policy/model/training_pass.h"
#include "policy/model/weight_loading.h"

namespace cupel {

struct Policy::State {
  ModelSettings settings;
  ModelFile file;  // its weights have been read and released
  std::optional<ChatTemplate> chat;
  ComputeBackend backend;
  DecoderWeights weights;
  std::unique_ptr<TrainingPass> pass;  // over the two above
  uint64_t version = 0;
};

namespace {

absl::StatusOr<ChatTemplate> MakeChat(const ModelSettings& settings, const ModelFile& file) {
  if (settings.chat_template == "auto") {
    return ChatTemplate::FromModelTemplate(file.chat_template, *file.tokenizer);
  }
  return ChatTemplate::Create(settings.chat_template, "", *file.tokenizer);
}

absl::Status CheckSettings(const ModelSettings& settings, const ModelConfig& config) {
  // Rows of keys and values are read in whole vectors of 16.
  if (config.head_dim % 16 != 0) {
    return Unimplemented("{}: a head size of {} is not a multiple of 16, which the attention kernels need", settings.path, config.head_dim);
  }
  return absl::OkStatus();
}

constexpr const char* kWeightsFile = "model.safetensors";
// Not PEFT's name: readers that look for that would add the adapters to weights that hold them already.
constexpr const char* kAdaptersFile = "adapters.safetensors";

absl::Status WriteSynced(const std::string& path, std::string_view contents) {
  CUPEL_ASSIGN_OR_RETURN(FileWriter writer, FileWriter::Create(path));
  CUPEL_RETURN_IF_ERROR(writer.Write(contents));
  return writer.Close();
}

void UseThreads(int64_t threads) {
  at::set_num_threads(threads > 0 ? static_cast<int>(threads) : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

}  // namespace

Policy::Policy(std::unique_ptr<State> state) : state_(std::move(state)) {}
Policy::~Policy() = default;

absl::StatusOr<std::unique_ptr<Policy>> Policy::Load(const ModelSettings& settings, uint64_t seed) {
  auto state = std::make_unique<State>();
  state->settings = settings;
  CUPEL_ASSIGN_OR_RETURN(state->backend, ChooseBackend(settings));
  CUPEL_ASSIGN_OR_RETURN(state->file, OpenModel(settings.path));
  CUPEL_RETURN_IF_ERROR(CheckSettings(settings, state->file.config));
  CUPEL_ASSIGN_OR_RETURN(state->chat, MakeChat(settings, state->file));
  UseThreads(settings.threads);
  state->weights = AllocateWeights(state->file.config);
  if (state->file.tensors == nullptr) {
    DrawMasters(seed, state->weights);
  } else {
    CUPEL_RETURN_IF_ERROR(ReadMasters(*state->file.tensors, state->weights));
    state->file.tensors.reset();
  }
  if (settings.lora.is_on()) {
    CUPEL_RETURN_IF_ERROR(AttachAdapters(settings.lora, seed, state->weights));
  }
  state->pass = MakeTrainingPass(state->backend, state->weights);
  state->pass->Refresh();
  return std::unique_ptr<Policy>(new Policy(std::move(state)));
}

const ModelConfig& Policy::config() const { return state_->weights.config; }
const ModelSettings& Policy::settings() const { return state_->settings; }
const Tokenizer& Policy::tokenizer() const { return *state_->file.tokenizer; }
const ChatTemplate& Policy::chat() const { return *state_->chat; }
DecoderWeights& Policy::weights() { return state_->weights; }
const DecoderWeights& Policy::weights() const { return state_->weights; }
const ComputeBackend& Policy::backend() const { return state_->backend; }
const DeviceWeights* Policy::device_weights() const { return state_->pass->device_weights(); }
int Policy::num_threads() const { return at::get_num_threads(); }
std::string Policy::kernel_path() const { return state_->backend.name(); }
uint64_t Policy::version() const { return state_->version; }
void Policy::set_version(uint64_t version) { state_->version = version; }

TokenLogprobsResult Policy::TokenLogprobs(const PackedBatch& batch, double temperature) {
  const ScoredTokens scored = state_->pass->TokenLogprobs(batch, temperature);
  return {scored.logprobs, scored.entropy};
}

void Policy::AccumulateGradients(const PackedBatch& batch, double temperature, bool recomputes_activations, const LossGradient& loss) {
  state_->pass->AccumulateGradients(batch, temperature, recomputes_activations, loss);
}

at::Tensor Policy::ScoredLogits(const PackedBatch& batch) { return state_->pass->ScoredLogits(batch); }

void Policy::EnableTraining() {
  for (Parameter* parameter : TrainedParameters(state_->weights)) {
    if (!parameter->grad.defined()) {
      parameter->grad = at::zeros_like(parameter->master);
    }
  }
}

void Policy::ZeroGradients() {
  for (Parameter* parameter : TrainedParameters(state_->weights)) {
    Check(parameter->grad.defined(), "EnableTraining comes before ZeroGradients");
    parameter->grad.zero_();
  }
}

void Policy::CommitUpdate() {
  state_->pass->Refresh();
  ++state_->version;
}

absl::StatusOr<std::vector<Policy::WrittenFile>> Policy::SaveHuggingFace(const std::string& directory) const {
  std::vector<WrittenFile> written;
  for (const Tokenizer::File& file : HuggingFaceFiles(config(), tokenizer(), chat().jinja())) {
    CUPEL_RETURN_IF_ERROR(WriteSynced(directory + "/" + file.name, file.contents));
    written.push_back({file.name, Sha256Hex(file.contents)});
  }
  // Matrices with adapters are written as they act; the sums stand until the file is complete.
  std::map<const Parameter*, at::Tensor> sums;
  for (const LinearWeights* matrix : LayerMatrices(state_->weights)) {
    if (!matrix->adapters.empty()) {
      sums.emplace(&matrix->weight, EffectiveMatrix(*matrix));
    }
  }
  std::vector<SafetensorsWriteItem> items;
  for (const NamedSlice& slice : NamedSlices(state_->weights)) {
    const auto sum = sums.find(slice.parameter);
    const float* data = sum == sums.end() ? slice.data() : sum->second.const_data_ptr<float>() + slice.row_begin * sum->second.stride(0);
    const auto bytes = std::as_bytes(std::span<const float>(data, static_cast<size_t>(slice.size())));
    items.push_back({.name = slice.name, .type = SafetensorsType::kF32, .shape = slice.shape(), .bytes = bytes});
  }
  CUPEL_ASSIGN_OR_RETURN(std::string digest, WriteSafetensors(directory + "/" + kWeightsFile, std::move(items)));
  written.push_back({kWeightsFile, std::move(digest)});
  if (settings().lora.is_on()) {
    CUPEL_ASSIGN_OR_RETURN(digest, WriteAdapters(directory + "/" + kAdaptersFile, state_->weights));
    written.push_back({kAdaptersFile, std::move(digest)});
  }
  return written;
}

absl::StatusOr<std::vector<Policy::WrittenFile>> Policy::SaveAdapters(const std::string& directory) const {
  CUPEL_ASSIGN_OR_RETURN(const std::vector<AdapterFile> files,
                         cupel::SaveAdapters(directory, settings().lora, settings().path, state_->weights));
  std::vector<WrittenFile> written;
  for (const AdapterFile& file : files) {
    written.push_back({file.name, file.sha256});
  }
  return written;
}

absl::Status Policy::LoadWeights(const std::string& directory) {
  if (settings().lora.is_on()) {
    CUPEL_RETURN_IF_ERROR(ReadAdapters(directory + "/" + kAdaptersFile, state_->weights));
    state_->pass->Refresh();
    return absl::OkStatus();
  }
  CUPEL_ASSIGN_OR_RETURN(const auto tensors, OpenHuggingFaceTensors(directory, config()));
  CUPEL_RETURN_IF_ERROR(ReadMasters(*tensors, state_->weights));
  state_->pass->Refresh();
  return absl::OkStatus();
}

}  // namespace cupel
