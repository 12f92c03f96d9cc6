#include "datasets/procedural/item_text.h"

namespace cupel {

Json BeginMetadata(std::string_view family, int64_t index) {
  Json metadata = Json::object();
  metadata["source_dataset"] = family;
  metadata["source_index"] = index;
  return metadata;
}

Json RangeOf(const Settings& settings, std::string_view what) {
  return Json::array({settings.Int(fmt::format("min_{}", what)), settings.Int(fmt::format("max_{}", what))});
}

Item RgItem(std::string question, std::string answer, const Json& metadata) {
  Item item;
  item.question = std::move(question);
  item.answer = std::move(answer);
  item.metadata = DumpJson(metadata);
  return item;
}

Item CupelItem(const Settings& settings, std::string question, std::string answer, Json metadata) {
  metadata["variant"] = "cupel";
  Json difficulty = {{"level", settings.level()}};
  difficulty.update(ParseJson(settings.ToJson(), "settings").value());
  metadata["difficulty"] = std::move(difficulty);
  return RgItem(std::move(question), std::move(answer), metadata);
}

std::string GridText(const Grid& grid, std::string_view zero) {
  std::string text;
  for (const std::vector<int>& row : grid) {
    text += text.empty() ? "" : "\n";
    for (size_t i = 0; i < row.size(); ++i) {
      text += i == 0 ? "" : " ";
      text += row[i] == 0 ? std::string(zero) : std::to_string(row[i]);
    }
  }
  return text;
}

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string Capitalized(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') {
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
  }
  return word;
}

}  // namespace cupel
