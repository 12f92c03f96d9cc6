#include "experiments/report/evaluation_plots.h"

namespace cupel {

PlotSpec AccuracyPlot(const std::vector<NamedEvaluation>& evaluations) {
  PlotSpec spec{.title = "Accuracy against the number of answers",
                .x_label = "answers k (logarithmic)",
                .y_label = "",
                .log_x = true,
                .is_share = true};
  for (const NamedEvaluation& one : evaluations) {
    PlotSeries pass{"pass@k " + (evaluations.size() > 1 ? one.name : ""), {}};
    PlotSeries consensus{"cons@k " + (evaluations.size() > 1 ? one.name : ""), {}};
    for (const Json& at : one.summary.value("at_k", Json::array())) {
      const auto k = at["k"].get<double>();
      pass.points.push_back({k, at["pass@k"].get<double>(), at["pass@k_error"].get<double>()});
      consensus.points.push_back({k, at["cons@k"].get<double>(), at["cons@k_error"].get<double>()});
    }
    spec.series.push_back(std::move(pass));
    spec.series.push_back(std::move(consensus));
  }
  return spec;
}

PlotSpec BudgetPlot(const std::vector<NamedEvaluation>& evaluations) {
  PlotSpec spec{.title = "Accuracy against thought",
                .x_label = "tokens of thought before the answer is forced (logarithmic)",
                .y_label = "pass@1",
                .log_x = true,
                .is_share = true};
  for (const NamedEvaluation& one : evaluations) {
    PlotSeries series{one.name, {}};
    for (const Json& point : one.summary.value("budgets", Json::array())) {
      series.points.push_back({point["budget"].get<double>(), point["pass@1"].get<double>(), point["error"].get<double>()});
    }
    spec.series.push_back(std::move(series));
  }
  return spec;
}

std::string_view PlotStyle() {
  return R"(
:root { color-scheme: light dark; }
body { font: 15px/1.5 sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .7em; border-bottom: 1px solid #8884; text-align: right; }
th:first-child, td:first-child { text-align: left; }
pre { white-space: pre-wrap; background: #8881; padding: .6em; }
svg { max-width: 100%; height: auto; margin: 1em 0; }
.note { opacity: .75; }
)";
}

}  // namespace cupel
