// The visitors of base/config.h that print: TOML, JSON and the lines of --help.

#include <algorithm>
#include <cmath>

#include "base/config.h"
#include "base/config_value.h"

namespace cupel::config_internal {
namespace {

// ---- JSON ----

Json JsonFrom(double value) { return std::isinf(value) ? Json(value > 0 ? "inf" : "-inf") : Json(value); }
Json JsonFrom(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) {
    list.push_back(JsonFrom(value));
  }
  return list;
}
template <class T>
Json JsonFrom(const T& value) {
  return Json(value);
}

Json JsonFromSections(SectionList& sections) {
  Json list = Json::array();
  for (size_t i = 0; i < sections.size(); ++i) {
    Fields section = sections.At(i);
    list.push_back(FieldsToJson(section));
  }
  return list;
}

// ---- TOML ----

void AppendHelp(const Field& field, bool with_help, std::string& toml) {
  if (with_help && !field.help.empty()) {
    toml += fmt::format("# {}\n", field.help);
  }
}

// The plain values of a table come before its sections: TOML has no way back to the outer table.
void AppendTable(Fields& fields, std::string_view path, bool with_help, std::string& toml);

void AppendPlainValues(Fields& fields, bool with_help, std::string& toml) {
  for (Field& field : fields) {
    const auto append = [&](std::string_view value) {
      AppendHelp(field, with_help, toml);
      toml += fmt::format("{} = {}\n", field.name, value);
    };
    std::visit(Overloaded{[](Fields&) {},
                          [&](std::unique_ptr<SectionList>& sections) {
                            if (sections->size() == 0) {
                              append("[]");
                            }
                          },
                          [&](auto* value) { append(TomlFrom(*value)); }},
               field.value);
  }
}

void AppendSections(Fields& fields, std::string_view path, bool with_help, std::string& toml) {
  for (Field& field : fields) {
    const std::string inner = JoinPath(path, field.name);
    if (auto* const section = std::get_if<Fields>(&field.value)) {
      toml += "\n";
      AppendHelp(field, with_help, toml);
      toml += fmt::format("[{}]\n", inner);
      AppendTable(*section, inner, with_help, toml);
    } else if (auto* const sections = std::get_if<std::unique_ptr<SectionList>>(&field.value)) {
      for (size_t i = 0; i < (*sections)->size(); ++i) {
        Fields element = (*sections)->At(i);
        toml += "\n";
        AppendHelp(field, with_help && i == 0, toml);
        toml += fmt::format("[[{}]]\n", inner);
        AppendTable(element, inner, with_help && i == 0, toml);
      }
    }
  }
}

void AppendTable(Fields& fields, std::string_view path, bool with_help, std::string& toml) {
  AppendPlainValues(fields, with_help, toml);
  AppendSections(fields, path, with_help, toml);
}

// ---- Help ----

std::string KindName(const Field& field) {
  return std::visit(
      Overloaded{[](bool*) { return "true or false"; }, [](int64_t*) { return "integer"; }, [](double*) { return "number"; },
                 [](std::string*) { return "text"; }, [](std::vector<std::string>*) { return "list of texts"; },
                 [](std::vector<int64_t>*) { return "list of integers"; }, [](std::vector<double>*) { return "list of numbers"; },
                 [](const Fields&) { return "section"; }, [](const std::unique_ptr<SectionList>&) { return "list of sections"; }},
      field.value);
}

std::string ConstraintText(const Constraint& constraint) {
  if (const auto* const range = std::get_if<Range>(&constraint)) {
    return std::isinf(range->high) ? fmt::format(", at least {}", range->low) : fmt::format(", {} to {}", range->low, range->high);
  }
  if (const auto* const one_of = std::get_if<OneOf>(&constraint)) {
    return fmt::format(": {}", fmt::join(one_of->values, ", "));
  }
  return "";
}

struct HelpLine {
  std::string path;
  std::string text;
};

void CollectHelp(Fields& fields, std::string_view prefix, std::vector<HelpLine>& lines) {
  for (Field& field : fields) {
    const std::string path = JoinPath(prefix, field.name);
    const auto add = [&](std::string_view default_value) {
      lines.push_back(
          {path, fmt::format("{} ({}{}, default {})", field.help, KindName(field), ConstraintText(field.constraint), default_value)});
    };
    std::visit(
        Overloaded{[&](Fields& section) { CollectHelp(section, path, lines); },
                   [&](std::unique_ptr<SectionList>& sections) {
                     lines.push_back({path, fmt::format("{} ({}, default {} of them)", field.help, KindName(field), sections->size())});
                     Fields section = sections->Defaults();
                     CollectHelp(section, path + ".N", lines);
                   },
                   [&](double* value) { add(fmt::format("{}", *value)); },  // without the ".0" that TOML wants
                   [&](auto* value) { add(TomlFrom(*value)); }},
        field.value);
  }
}

}  // namespace

Json FieldsToJson(Fields& fields) {
  Json object = Json::object();
  for (Field& field : fields) {
    object[field.name] = std::visit(Overloaded{[](Fields& section) { return FieldsToJson(section); },
                                               [](std::unique_ptr<SectionList>& sections) { return JsonFromSections(*sections); },
                                               [](auto* value) { return JsonFrom(*value); }},
                                    field.value);
  }
  return object;
}

std::string FieldsToToml(Fields& fields, bool with_help) {
  std::string toml;
  AppendTable(fields, "", with_help, toml);
  if (toml.starts_with('\n')) {
    toml.erase(0, 1);
  }
  return toml;
}

std::string DescribeFields(Fields& fields) {
  std::vector<HelpLine> lines;
  CollectHelp(fields, "", lines);
  size_t width = 0;
  for (const HelpLine& line : lines) {
    width = std::max(width, line.path.size());
  }
  std::string text;
  for (const HelpLine& line : lines) {
    text += fmt::format("{:<{}}  {}\n", line.path, width, line.text);
  }
  return text;
}

}  // namespace cupel::config_internal
