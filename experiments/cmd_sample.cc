#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include "base/json.h"
#include "base/status.h"
#include "experiments/command.h"
#include "experiments/model_options.h"
#include "policy/engine/int8_engine.h"
#include "policy/engine/stop_strings.h"
#include "policy/policy.h"

namespace cupel {
namespace {

constexpr size_t kMaxPromptBytes = size_t{1} << 20;

struct SampleOptions {
  ModelOptions model;
  std::string prompt;
  std::string system;
  SamplingParams sampling{.temperature = 0.7, .top_p = 0.95, .max_new_tokens = 256};
  std::vector<std::string> logit_bias;
  uint64_t seed = 1;
  bool raw = false;
  bool json = false;
};

absl::StatusOr<std::string> ReadPrompt(const SampleOptions& options) {
  std::string prompt = options.prompt;
  if (prompt.empty()) {
    prompt.assign(std::istreambuf_iterator<char>(std::cin), {});
    while (!prompt.empty() && prompt.back() == '\n') {
      prompt.pop_back();
    }
  }
  if (prompt.empty()) {
    return InvalidArgument("there is no prompt: give --prompt TEXT or write it to standard input");
  }
  if (prompt.size() > kMaxPromptBytes) {
    return InvalidArgument("the prompt has {} bytes; the limit is {}", prompt.size(), kMaxPromptBytes);
  }
  return prompt;
}

// "TOKEN=BIAS"
absl::StatusOr<LogitBias> ParseLogitBias(std::string_view text) {
  LogitBias bias;
  const size_t middle = text.find('=');
  if (middle == std::string_view::npos || !absl::SimpleAtoi(absl::string_view(text.data(), middle), &bias.token) ||
      !absl::SimpleAtof(absl::string_view(text.data() + middle + 1, text.size() - middle - 1), &bias.bias)) {
    return InvalidArgument("--logit-bias \"{}\" is not TOKEN=BIAS, for example 42=-5", text);
  }
  return bias;
}

std::vector<TokenId> PromptTokens(const SampleOptions& options, const std::string& prompt, const Policy& policy) {
  if (options.raw) {
    return policy.tokenizer().Encode(prompt);
  }
  std::vector<ChatMessage> messages;
  if (!options.system.empty()) {
    messages.push_back({"system", options.system});
  }
  messages.push_back({"user", prompt});
  return policy.chat().Render(messages);
}

Json CompletionJson(const Completion& completion, const Tokenizer& tokenizer) {
  const std::string text = tokenizer.Decode(completion.tokens);
  Json json = {{"text", TextBeforeStopString(text, completion)},
               {"tokens", completion.tokens},
               {"logprobs", completion.logprobs},
               {"finish_reason", FinishReasonName(completion.finish_reason)}};
  if (!completion.raw_logprobs.empty()) {
    json["raw_logprobs"] = completion.raw_logprobs;
  }
  if (!completion.stop_string.empty()) {
    json["stop_string"] = completion.stop_string;
  }
  if (!completion.entropies.empty()) {
    json["entropies"] = completion.entropies;
  }
  for (const std::vector<TokenLogprob>& position : completion.top_logprobs) {
    Json likeliest = Json::array();
    for (const TokenLogprob& one : position) {
      likeliest.push_back({{"token", one.token}, {"text", tokenizer.Decode({&one.token, 1}, true)}, {"logprob", one.logprob}});
    }
    json["top_logprobs"].push_back(std::move(likeliest));
  }
  if (!completion.error.empty()) {
    json["error"] = completion.error;
  }
  return json;
}

// Text for a reader: characters appear when they are complete, and what may be the beginning of a stop string when it is not one.
class TextStream {
 public:
  TextStream(const Tokenizer& tokenizer, std::vector<std::string> stop_strings)
      : decoder_(tokenizer), stop_strings_(std::move(stop_strings)) {}

  std::string Push(TokenId token) {
    pending_ += decoder_.Push(token);
    const size_t ready = pending_.size() - PossibleStopBytes(pending_, stop_strings_);
    std::string text = pending_.substr(0, ready);
    pending_.erase(0, ready);
    return text;
  }
  // After the last token, which was not pushed.
  std::string Finish(TokenId last, const Completion& completion) {
    pending_ += decoder_.Push(last) + decoder_.Flush();
    return std::string(TextBeforeStopString(pending_, completion));
  }

 private:
  StreamDecoder decoder_;
  const std::vector<std::string> stop_strings_;
  std::string pending_;
};

// Prints text as it becomes complete, and returns the finished completion.
absl::StatusOr<Completion> Stream(const SampleOptions& options, const Policy& policy, GenerationEngine& engine, GenerationRequest request,
                                  StopSignal& stop) {
  const uint64_t id = request.id;
  TextStream stream(policy.tokenizer(), request.sampling.stop_strings);
  CUPEL_RETURN_IF_ERROR(engine.Add(std::move(request)));
  const auto print = [&](const std::string& text) {
    if (!options.json && !text.empty()) {
      fmt::print("{}", text);
      std::fflush(stdout);
    }
  };
  while (true) {
    if (stop.Requested() != 0) {
      engine.Abort(id);
    }
    for (GenerationEvent& event : engine.Step()) {
      // Control tokens and the end of an aborted sample have no bytes.
      print(event.finished ? stream.Finish(event.token, *event.finished) : stream.Push(event.token));
      if (event.finished) {
        return std::move(*event.finished);
      }
    }
  }
}

absl::Status RunSample(SampleOptions options, StopSignal& stop) {
  CUPEL_ASSIGN_OR_RETURN(const std::string prompt, ReadPrompt(options));
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy, LoadPolicy(options.model, options.seed));
  GenerationRequest request;
  request.prompt = PromptTokens(options, prompt, *policy);
  request.sampling = options.sampling;
  request.sampling.stop_tokens = policy->tokenizer().stop_tokens();
  for (const std::string& bias : options.logit_bias) {
    CUPEL_ASSIGN_OR_RETURN(request.sampling.logit_bias.emplace_back(), ParseLogitBias(bias));
  }
  const auto room = policy->config().max_context - static_cast<int64_t>(request.prompt.size());
  if (room < 1) {
    return InvalidArgument("the prompt has {} tokens; the model's context is {}", request.prompt.size(), policy->config().max_context);
  }
  request.sampling.max_new_tokens = std::min(request.sampling.max_new_tokens, room);
  request.sampling.min_new_tokens = std::min(request.sampling.min_new_tokens, room);
  request.random.seed = options.seed;
  const std::unique_ptr<GenerationEngine> engine = MakeEngine(*policy, EngineSettings{}, options.model.weights);
  CUPEL_ASSIGN_OR_RETURN(const Completion completion, Stream(options, *policy, *engine, std::move(request), stop));
  if (options.json) {
    fmt::print("{}\n", DumpJson(CompletionJson(completion, policy->tokenizer()), 2));
    return absl::OkStatus();
  }
  fmt::print("\n");
  if (!completion.error.empty()) {
    fmt::print(stderr, "[{}]\n", completion.error);
  }
  const GenerationStats stats = engine->stats();
  fmt::print(stderr, "[{} tokens, ended by {}, {:.0f} tok/s]\n", completion.tokens.size(), FinishReasonName(completion.finish_reason),
             stats.decode_seconds > 0 ? static_cast<double>(stats.sampled_tokens) / stats.decode_seconds : 0);
  return absl::OkStatus();
}

}  // namespace

Action DeclareSample(CLI::App& app) {
  auto options = std::make_shared<SampleOptions>();
  app.add_option("model", options->model.settings.path, "a .gguf file, a Hugging Face directory or checkpoint, or \"tiny\"")->required();
  app.add_option("--prompt,-p", options->prompt, "the user's message; without it, standard input is read");
  app.add_option("--system", options->system, "system message (default: the chat template's own)");
  app.add_option("--temperature", options->sampling.temperature, "0: greedy")->check(CLI::Range(0.0, 100.0))->capture_default_str();
  app.add_option("--top-p", options->sampling.top_p, "sample among the likeliest tokens that reach p")
      ->check(CLI::Range(0.000001, 1.0))
      ->capture_default_str();
  app.add_option("--top-k", options->sampling.top_k, "sample among the k likeliest tokens; 0: all")
      ->check(CLI::Range(0, 1 << 24))
      ->capture_default_str();
  app.add_option("--min-p", options->sampling.min_p, "drop tokens less likely than min-p times the likeliest")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--max-new-tokens", options->sampling.max_new_tokens, "longest answer")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--min-new-tokens", options->sampling.min_new_tokens, "tokens before the answer can end")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  app.add_option("--repetition-penalty", options->sampling.repetition_penalty, "makes tokens that were there before less likely; 1: off")
      ->check(CLI::Range(0.01, 100.0))
      ->capture_default_str();
  app.add_option("--logit-bias", options->logit_bias, "TOKEN=BIAS, added to the token's logit; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--stop", options->sampling.stop_strings, "text that ends the answer and is not printed; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--top-logprobs", options->sampling.top_logprobs, "with --json: so many of the likeliest tokens at every position")
      ->check(CLI::Range(0, 128))
      ->capture_default_str();
  app.add_flag("--entropy", options->sampling.with_entropy, "with --json: the entropy at every position");
  app.add_option("--seed", options->seed, "of the random numbers: the same seed gives the same answer")->capture_default_str();
  DeclareModelOptions(app, options->model);
  app.add_flag("--raw", options->raw, "continue the text itself, without the chat template");
  app.add_flag("--json", options->json, "print text, token ids and log-probabilities as JSON instead of streaming");
  return [options](StopSignal& stop) {
    const absl::Status status = RunSample(*options, stop);
    if (!status.ok()) {
      return Fail(status);
    }
    return stop.Requested() == 0 ? 0 : 128 + stop.Requested();
  };
}

}  // namespace cupel
