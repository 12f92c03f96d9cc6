#include "experiments/verify_code.h"

#include <cmath>

#include <fmt/format.h>

namespace cupel {

std::string ReadCodeLine(const Json& line, const std::string& where, bool wants_completion, Task& task, std::string& completion) {
  Json metadata;
  for (const auto& [from, to] : {std::pair("format", "format"), {"metadata", "record"}}) {
    const auto member = line.find(from);
    if (member == line.end()) {
      return fmt::format("{}: there is no member \"{}\"{}", where, from,
                         std::string_view(from) == "format" ? ", how the task is written (\"humaneval\", \"stdio\" ..)"
                                                            : ", the record of the task as published");
    }
    metadata[to] = *member;
  }
  if (line.contains("options")) {
    metadata["options"] = line["options"];
  } else if (!task.metadata.empty()) {
    const absl::StatusOr<Json> options = ParseJson(task.metadata, "--options");
    if (!options.ok()) {
      return std::string(options.status().message());
    }
    metadata["options"] = *options;
  }
  task.metadata = DumpJson(metadata);
  const auto text = line.find("completion");
  if (text == line.end() && !wants_completion) {
    return "";
  }
  if (text == line.end() || !text->is_string()) {
    return fmt::format("{}: member \"completion\": expected the text of a model, found {}", where,
                       text == line.end() ? "nothing" : text->type_name());
  }
  completion = text->get<std::string>();
  return "";
}

Json CodeResult(const Json& id, const Verdict& verdict, const code::Report& report) {
  Json json = {{"id", id}, {"outcome", OutcomeName(verdict.outcome)}};
  json["score"] = !verdict.is_scored()                       ? Json()
                  : std::floor(report.score) == report.score ? Json(static_cast<int>(report.score))
                                                             : Json(report.score);
  json["reason"] = verdict.reason;
  json["verdict"] = code::MarkName(report.mark);
  json["tests"] = Json::array();
  for (const code::TestReport& test : report.tests) {
    json["tests"].push_back({{"id", test.id},
                             {"verdict", code::MarkName(test.mark)},
                             {"cpu_ms", test.cpu_ms},
                             {"wall_ms", test.wall_ms},
                             {"peak_kb", test.peak_kb},
                             {"detail", test.detail}});
  }
  json["tier"] = static_cast<int>(report.tier);
  return json;
}

}  // namespace cupel
