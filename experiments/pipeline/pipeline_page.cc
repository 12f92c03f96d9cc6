#include "experiments/pipeline/pipeline_page.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/progress.h"
#include "experiments/pipeline/pipeline.h"
#include "experiments/report/evaluation_plots.h"
#include "experiments/report/html_page.h"

namespace cupel {
namespace {

// The cells of a stage's row, the header's order.
constexpr std::array<std::string_view, 13> kColumns = {
    "stage",   "kind",           "pass@1", "±",   "gain (95 %)", "cons@k", "tokens an answer",
    "sampled", "trained tokens", "TFLOP",  "MFU", "core-hours",  "price"};

std::string Number(const Json& value, const char* format) {
  return value.is_number() ? fmt::format(fmt::runtime(format), value.get<double>()) : std::string("-");
}

const Json& At(const Json& object, std::string_view key) {
  static const Json kNone;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() || !object.is_object() ? kNone : *found;
}

// Over the model measured before, question by question.
std::string GainText(const Json& gain) {
  return gain.is_object() ? fmt::format("{:+.3f} ({:+.3f} to {:+.3f})", gain["mean"].get<double>(), gain["low95"].get<double>(),
                                        gain["high95"].get<double>())
                          : std::string("-");
}

std::vector<std::string> Cells(const Json& row, const std::string& currency) {
  const Json& summary = At(At(row, "evaluation"), "summary");
  const Json& cost = At(row, "cost");
  const Json& at_k = At(summary, "at_k");
  const Json& last = at_k.is_array() && !at_k.empty() ? at_k.back() : At(at_k, "none");
  const auto flops = At(cost, "flops").is_number() ? Json(At(cost, "flops").get<double>() / 1e12) : Json();
  const auto kind = At(row, "kind");
  return {row.value("name", std::string()),
          kind.is_string() ? kind.get<std::string>() : std::string(),
          Number(At(summary, "pass@1"), "{:.3f}"),
          Number(At(summary, "standard_error"), "{:.3f}"),
          GainText(At(row, "gain")),
          Number(At(last, "cons@k"), "{:.3f}"),
          Number(At(summary, "mean_length"), "{:.1f}"),
          Number(At(cost, "sampled_tokens"), "{:.0f}"),
          Number(At(cost, "trained_tokens"), "{:.0f}"),
          Number(flops, "{:.4g}"),
          Number(At(cost, "mfu"), "{:.3f}"),
          Number(At(cost, "core_hours"), "{:.3f}"),
          At(cost, "price").is_number() ? Number(At(cost, "price"), "{:.4f} ") + currency : std::string("-")};
}

std::vector<std::vector<std::string>> Rows(const Json& summary) {
  const auto currency = summary.value("currency", std::string());
  std::vector<std::vector<std::string>> rows;
  for (const Json& stage : summary["stages"]) {
    rows.push_back(Cells(stage, currency));
  }
  rows.push_back(Cells({{"name", "all stages"}, {"cost", At(summary, "total")}}, currency));
  return rows;
}

std::string TableHtml(const Json& summary) {
  std::string html = "<table><thead><tr>";
  for (const std::string_view column : kColumns) {
    html += fmt::format("<th>{}</th>", EscapeHtml(column));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : Rows(summary)) {
    html += "<tr>";
    for (const std::string& cell : row) {
      html += fmt::format("<td>{}</td>", EscapeHtml(cell));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table>\n";
}

std::vector<NamedEvaluation> Evaluations(const Json& summary) {
  std::vector<NamedEvaluation> evaluations;
  for (const Json& stage : summary["stages"]) {
    if (stage.contains("evaluation")) {
      evaluations.push_back({stage["name"].get<std::string>(), stage["evaluation"]["summary"]});
    }
  }
  return evaluations;
}

PlotSpec StagePlot(const std::vector<NamedEvaluation>& evaluations) {
  PlotSpec spec{.title = "Held-out accuracy by stage", .x_label = "", .y_label = "pass@1", .is_share = true};
  PlotSeries series{"pass@1", {}};
  for (const NamedEvaluation& one : evaluations) {
    series.points.push_back(
        {static_cast<double>(series.points.size()), one.summary["pass@1"].get<double>(), one.summary["standard_error"].get<double>()});
    spec.x_names.push_back(one.name);
  }
  spec.series.push_back(std::move(series));
  return spec;
}

// One chart per kind of behaviour, a line per stage.
std::string BehaviourHtml(const Json& behaviour) {
  struct Kind {
    const char* key;
    const char* title;
  };
  constexpr auto kKinds = std::to_array<Kind>({{"reflective", "Reflective words an answer"},
                                               {"recheck", "Re-checks an answer"},
                                               {"correction", "Corrections an answer"},
                                               {"subgoal", "Words of sub-goals an answer"},
                                               {"length_right", "Tokens of right answers"},
                                               {"length_wrong", "Tokens of wrong answers"},
                                               {"repeated", "Share of repeated 4-grams"},
                                               {"foreign", "Share of words in another script"}});
  std::string html;
  for (const Kind& kind : kKinds) {
    PlotSpec spec{.title = kind.title, .x_label = "step", .y_label = ""};
    for (const Json& stage : behaviour) {
      PlotSeries series{stage["stage"].get<std::string>(), {}};
      const Json& steps = stage["curves"]["steps"];
      const Json& values = At(stage["curves"]["curves"], kind.key);
      for (size_t i = 0; i < values.size() && i < steps.size(); ++i) {
        series.points.push_back(
            {steps[i].get<double>(), values[i].is_number() ? values[i].get<double>() : std::numeric_limits<double>::quiet_NaN(), 0});
      }
      spec.series.push_back(std::move(series));
    }
    html += SvgPlot(spec);
  }
  return html;
}

std::string ExamplesHtml(const Json& summary) {
  std::string html;
  for (const Json& stage : summary["stages"]) {
    if (!stage.contains("evaluation")) {
      continue;
    }
    html += fmt::format("<h3>{}</h3>\n", EscapeHtml(stage["name"].get<std::string>()));
    for (const Json& example : stage["evaluation"]["examples"]) {
      html += fmt::format("<p>{} <span class=\"note\">(answer {}, {})</span></p>\n<pre>{}</pre>\n",
                          EscapeHtml(example["question"].get<std::string>()), EscapeHtml(example["gold"].get<std::string>()),
                          EscapeHtml(example["outcome"].get<std::string>()), EscapeHtml(example["answer"].get<std::string>()));
    }
  }
  return html;
}

std::string FactsHtml(const Json& summary) {
  std::string html;
  for (const Json& stage : summary["stages"]) {
    if (stage.contains("facts")) {
      html += fmt::format("<li><b>{}</b>: {}; digest {}</li>\n", EscapeHtml(stage["name"].get<std::string>()),
                          EscapeHtml(DumpJson(stage["facts"])), EscapeHtml(stage["digest"].get<std::string>().substr(0, 16)));
    }
  }
  return "<ul>\n" + html + "</ul>\n";
}

std::string DifficultyHtml(const std::vector<NamedEvaluation>& evaluations) {
  std::string html =
      "<table><thead><tr><th>stage</th><th>family</th><th>difficulty</th><th>questions</th><th>pass@1</th><th>±</th></tr></thead>\n";
  for (const NamedEvaluation& one : evaluations) {
    for (const Json& part : At(one.summary, "by_difficulty")) {
      html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.3f}</td><td>{:.3f}</td></tr>\n", EscapeHtml(one.name),
                          EscapeHtml(part["family"].get<std::string>()), EscapeHtml(part["difficulty"].get<std::string>()),
                          part["questions"].get<int64_t>(), part["pass@1"].get<double>(), part["error"].get<double>());
    }
  }
  return html + "</table>\n";
}

}  // namespace

std::string StageTable(const Json& summary) {
  std::vector<std::vector<std::string>> rows = {{kColumns.begin(), kColumns.end()}};
  for (std::vector<std::string>& row : Rows(summary)) {
    rows.push_back(std::move(row));
  }
  std::array<size_t, kColumns.size()> widths{};
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths.at(i) = std::max(widths.at(i), row[i] == "±" ? 1 : row[i].size());
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += i == 0 ? fmt::format("{:<{}}", row[i], widths.at(i)) : fmt::format("  {:>{}}", row[i], widths.at(i));
    }
    text += "\n";
  }
  return text;
}

std::string PipelinePage(const Json& summary, const Json& behaviour) {
  const std::vector<NamedEvaluation> evaluations = Evaluations(summary);
  std::string body = fmt::format("<h1>{}</h1>\n{}", EscapeHtml(summary["folder"].get<std::string>()), TableHtml(summary));
  body += fmt::format(
      "<p class=\"note\">A gain is over the model measured before, paired by question, with its 95 % interval. Costs are those of the "
      "stages; measuring is not in them. MFU is over wall time, against {} GFLOP/s measured "
      "before the "
      "first stage.</p>\n",
      Number(At(At(summary, "machine"), "matmul_gflops"), "{:.0f}"));
  if (!evaluations.empty()) {
    body += SvgPlot(StagePlot(evaluations)) + SvgPlot(AccuracyPlot(evaluations)) + SvgPlot(BudgetPlot(evaluations));
    body += "<h2>By family and difficulty</h2>\n" + DifficultyHtml(evaluations);
  }
  body += "<h2>Stages</h2>\n" + FactsHtml(summary);
  body +=
      "<h2>Behaviour</h2>\n<p class=\"note\">What answers look like, counted by rule. It is behaviour, not skill: a model that writes "
      "\"wait\" need not reason better.</p>\n" +
      BehaviourHtml(behaviour);
  body += "<h2>Answers</h2>\n" + ExamplesHtml(summary);
  return HtmlPage({.title = summary["folder"].get<std::string>() + " · cupel", .style = PlotStyle(), .body = body});
}

}  // namespace cupel
