#pragma once

#include <string>
#include <vector>

namespace cupel {

// A chart that needs no script: lines with error bars, as one <svg> element whose colours follow the page's.
struct PlotPoint {
  double x = 0;
  double y = 0;
  double error = 0;  // standard error, drawn as a bar of one each way; 0: none
};
struct PlotSeries {
  std::string label;
  std::vector<PlotPoint> points;  // by x; NaN leaves a point out
};
struct PlotSpec {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<PlotSeries> series = {};
  bool log_x = false;                     // powers of two are marked
  bool is_share = false;                  // y from 0 to 1
  std::vector<std::string> x_names = {};  // instead of numbers, for x = 0, 1, 2, ...
};
std::string SvgPlot(const PlotSpec& spec);

}  // namespace cupel
