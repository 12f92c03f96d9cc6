#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "base/chat_message.h"
#include "policy/tokenizer.h"

namespace cupel {

// Turns a conversation into the token ids that a model was tuned on. Markers are inserted as control tokens by id and the text between
// them is encoded as ordinary text, so no message can forge a turn.
//
// Formats: "chatml" (SmolLM2, Qwen: `<|im_start|>ROLE\nCONTENT<|im_end|>\n`), with SmolLM2's default system message or none, and "plain"
// (contents joined by newlines, for base models and the tiny model). The template text found in a model file is never executed: it is
// recognised by its markers, and an unknown one is an error that names the formats.
class ChatTemplate {
 public:
  // `name`: "chatml" or "plain". `default_system` is inserted when a conversation does not start with a system message; empty for none.
  // InvalidArgument for an unknown name; FailedPrecondition if the tokenizer lacks the control tokens of the format.
  static absl::StatusOr<ChatTemplate> Create(std::string_view name, std::string_view default_system, const Tokenizer& tokenizer);

  // Chooses by the Jinja text of a model file (empty text: "plain"). See docs in the .cc for how each known template is recognised.
  static absl::StatusOr<ChatTemplate> FromModelTemplate(std::string_view jinja, const Tokenizer& tokenizer);

  // Token ids of the conversation followed by the opening of an assistant turn.
  std::vector<TokenId> Render(std::span<const ChatMessage> messages) const;
  // The same as readable text with the markers spelled out.
  std::string RenderText(std::span<const ChatMessage> messages) const;

  const std::string& name() const { return name_; }
  // The Jinja text to store in a checkpoint's chat_template.jinja; empty for "plain".
  const std::string& jinja() const { return jinja_; }

 private:
  ChatTemplate(std::string name, std::string default_system, std::string jinja, const Tokenizer& tokenizer)
      : name_(std::move(name)), default_system_(std::move(default_system)), jinja_(std::move(jinja)), tokenizer_(&tokenizer) {}
  // Calls the functions for the texts and the markers of the prompt, in order.
  void VisitParts(std::span<const ChatMessage> messages, const std::function<void(std::string_view)>& on_text,
                  const std::function<void(std::string_view)>& on_marker) const;

  std::string name_;
  std::string default_system_;
  std::string jinja_;
  const Tokenizer* tokenizer_;  // borrowed; outlives the template
};

}  // namespace cupel
