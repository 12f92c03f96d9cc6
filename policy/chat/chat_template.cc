#include "policy/chat/chat_template.h"

#include <array>
#include <optional>

#include "base/status.h"

// How the Jinja text of a model file is recognised. It counts as ChatML when it writes both markers, loops over messages and contains
// nothing that would alter or drop a message of the roles system, user and assistant: no trimming, splitting or stripping, no treatment of
// thoughts. Tools are passed over: conversations here have none. The default system message is the literal text between
// `<|im_start|>system\n` and the next
// `<|im_end|>`, if the template has one:
//
//   SmolLM2   {% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful ...<|im_end|>\n' }}{% endif
//   %} Qwen2.5   {{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. ...<|im_end|>\n' }} ChatML    no such literal: no default

namespace cupel {
namespace {

constexpr std::string_view kStart = "<|im_start|>";
constexpr std::string_view kEnd = "<|im_end|>";
constexpr std::string_view kFormats = "chatml, plain";

// Words that show a template to do more than ChatML.
constexpr std::array<std::string_view, 8> kBeyondChatMl = {"trim",      "strip(",   "split(",    "think",
                                                           "reasoning", "strftime", "namespace", "raise_exception"};

void ReplaceAll(std::string_view from, std::string_view to, std::string& text) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

// The escapes of a Jinja string literal that templates use.
std::string Unescape(std::string_view literal) {
  std::string text;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\' || i + 1 == literal.size()) {
      text += literal[i];
    } else {
      const char escaped = literal[++i];
      text += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
    }
  }
  return text;
}

// The default system message of a ChatML template, empty when it has none.
std::string FindDefaultSystem(std::string_view jinja) {
  for (const std::string_view opening : {std::string_view("<|im_start|>system\\n"), std::string_view("<|im_start|>system\n")}) {
    for (size_t at = jinja.find(opening); at != std::string_view::npos; at = jinja.find(opening, at + 1)) {
      const std::string_view rest = jinja.substr(at + opening.size());
      const std::string_view literal = rest.substr(0, rest.find(kEnd));
      // A quote or brace inside means that the text is put together at run time.
      if (literal.size() < rest.size() && !literal.empty() && literal.find_first_of("'\"{}") == std::string_view::npos)
        return Unescape(literal);
    }
  }
  return {};
}

std::string JinjaLiteral(std::string_view text) {
  std::string literal(text);
  ReplaceAll("\\", "\\\\", literal);
  ReplaceAll("'", "\\'", literal);
  ReplaceAll("\n", "\\n", literal);
  return literal;
}

// A template that renders as this class does.
std::string ChatMlJinja(std::string_view default_system) {
  const std::string insert_default =
      default_system.empty()
          ? std::string()
          : fmt::format(
                "{{% if loop.first and messages[0]['role'] != 'system' %}}{{{{ '<|im_start|>system\\n{}<|im_end|>\\n' }}}}{{% endif %}}",
                JinjaLiteral(default_system));
  return "{% for message in messages %}" + insert_default +
         "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
         "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
}

absl::Status RequireChatMlTokens(const Tokenizer& tokenizer) {
  for (const std::string_view marker : {kStart, kEnd}) {
    if (!tokenizer.ControlToken(marker)) {
      return FailedPrecondition("chat format chatml needs the control token {}, which the tokenizer lacks; use the format \"plain\"",
                                marker);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ChatTemplate> ChatTemplate::Create(std::string_view name, std::string_view default_system, const Tokenizer& tokenizer) {
  if (name == "plain") return ChatTemplate("plain", std::string(default_system), "", tokenizer);
  if (name != "chatml") return InvalidArgument("unknown chat format \"{}\"; the formats are {}", name.substr(0, 60), kFormats);
  CUPEL_RETURN_IF_ERROR(RequireChatMlTokens(tokenizer));
  return ChatTemplate("chatml", std::string(default_system), ChatMlJinja(default_system), tokenizer);
}

absl::StatusOr<ChatTemplate> ChatTemplate::FromModelTemplate(std::string_view jinja, const Tokenizer& tokenizer) {
  if (jinja.empty()) return Create("plain", "", tokenizer);
  const bool is_chatml = jinja.find(kStart) != std::string_view::npos && jinja.find(kEnd) != std::string_view::npos &&
                         jinja.find("in messages") != std::string_view::npos;
  if (!is_chatml) return Unimplemented("the model's chat template is not of a known format; name one instead: {}", kFormats);
  for (const std::string_view word : kBeyondChatMl) {
    if (jinja.find(word) != std::string_view::npos) {
      return Unimplemented("the model's chat template is ChatML with additions (\"{}\") that are not supported; name a format instead: {}",
                           word, kFormats);
    }
  }
  CUPEL_RETURN_IF_ERROR(RequireChatMlTokens(tokenizer));
  return ChatTemplate("chatml", FindDefaultSystem(jinja), std::string(jinja), tokenizer);
}

std::vector<TokenId> ChatTemplate::Render(std::span<const ChatMessage> messages) const {
  std::vector<TokenId> ids;
  VisitParts(
      messages,
      [&](std::string_view text) {
        const auto part = tokenizer_->Encode(text);
        ids.insert(ids.end(), part.begin(), part.end());
      },
      [&](std::string_view marker) { ids.push_back(*tokenizer_->ControlToken(marker)); });
  return ids;
}

std::string ChatTemplate::RenderText(std::span<const ChatMessage> messages) const {
  std::string text;
  const auto append = [&text](std::string_view part) { text += part; };
  VisitParts(messages, append, append);
  return text;
}

void ChatTemplate::VisitParts(std::span<const ChatMessage> messages, const std::function<void(std::string_view)>& on_text,
                              const std::function<void(std::string_view)>& on_marker) const {
  std::vector<ChatMessage> all(messages.begin(), messages.end());
  if (!default_system_.empty() && !all.empty() && all.front().role != "system") all.insert(all.begin(), {"system", default_system_});
  if (name_ == "plain") {
    std::string text;
    for (const ChatMessage& message : all) text += (text.empty() ? "" : "\n") + message.content;
    on_text(text);
    return;
  }
  for (const ChatMessage& message : all) {
    on_marker(kStart);
    on_text(message.role + "\n" + message.content);
    on_marker(kEnd);
    on_text("\n");
  }
  on_marker(kStart);
  on_text("assistant\n");
}

}  // namespace cupel
