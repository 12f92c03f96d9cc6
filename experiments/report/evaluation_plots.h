#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "experiments/report/svg_plot.h"

namespace cupel {

// What a measurement (experiments/measure.h) is called in a chart.
struct NamedEvaluation {
  std::string name;
  Json summary;
};

PlotSpec AccuracyPlot(const std::vector<NamedEvaluation>& evaluations);  // pass@k and cons@k against k
PlotSpec BudgetPlot(const std::vector<NamedEvaluation>& evaluations);    // pass@1 against tokens of thought

// The style of pages that hold charts and tables and no script.
std::string_view PlotStyle();

}  // namespace cupel
