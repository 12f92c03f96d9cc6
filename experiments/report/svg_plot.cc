#include "experiments/report/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "experiments/report/html_page.h"

namespace cupel {
namespace {

constexpr double kWidth = 620, kHeight = 280, kLeft = 56, kRight = 150, kTop = 30, kBottom = 44;
// Told apart by most people who see colours otherwise (Okabe and Ito).
constexpr std::array<std::string_view, 7> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999"};

struct Extent {
  double low = 0;
  double high = 1;
};

// Where values lie on the page.
class Scale {
 public:
  Scale(Extent x, Extent y, bool log_x) : x_(x), y_(y), log_x_(log_x) {}
  double X(double x) const {
    const double low = Of(x_.low), high = Of(x_.high);
    return kLeft + (kWidth - kLeft - kRight) * (high > low ? (Of(x) - low) / (high - low) : 0.5);
  }
  double Y(double y) const { return kHeight - kBottom - (kHeight - kTop - kBottom) * (y - y_.low) / (y_.high - y_.low); }

 private:
  double Of(double x) const { return log_x_ ? std::log2(std::max(x, 0.5)) : x; }
  Extent x_, y_;
  bool log_x_;
};

Extent ExtentOfX(const PlotSpec& spec) {
  Extent extent{1e300, -1e300};
  for (const PlotSeries& series : spec.series) {
    for (const PlotPoint& point : series.points) {
      extent = {std::min(extent.low, point.x), std::max(extent.high, point.x)};
    }
  }
  return extent.low > extent.high ? Extent{0, 1} : extent;
}

Extent ExtentOfY(const PlotSpec& spec) {
  if (spec.is_share) {
    return {0, 1};
  }
  Extent extent{0, -1e300};
  for (const PlotSeries& series : spec.series) {
    for (const PlotPoint& point : series.points) {
      if (std::isfinite(point.y)) {
        extent = {std::min(extent.low, point.y - point.error), std::max(extent.high, point.y + point.error)};
      }
    }
  }
  return extent.high <= extent.low ? Extent{extent.low, extent.low + 1} : extent;
}

std::string Text(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, EscapeHtml(text));
}

std::string Line(double x1, double y1, double x2, double y2, std::string_view style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1, x2, y2, style);
}

std::string Axes(const PlotSpec& spec, const Scale& scale, Extent x, Extent y) {
  std::string svg = Text(kLeft, 16, "start", spec.title);
  constexpr int kTicks = 4;
  for (int i = 0; i <= kTicks; ++i) {
    const double value = y.low + (y.high - y.low) * i / kTicks;
    svg += Line(kLeft, scale.Y(value), kWidth - kRight, scale.Y(value), "stroke=\"currentColor\" opacity=\"0.15\"");
    svg += Text(kLeft - 6, scale.Y(value) + 4, "end", fmt::format("{:.3g}", value));
  }
  if (!spec.x_names.empty()) {
    for (size_t i = 0; i < spec.x_names.size(); ++i) {
      svg += Text(scale.X(static_cast<double>(i)), kHeight - kBottom + 16 + (i % 2 == 0 ? 0 : 12), "middle", spec.x_names[i]);
    }
  } else if (spec.log_x) {
    for (double tick = std::exp2(std::ceil(std::log2(std::max(x.low, 0.5)))); tick <= x.high; tick *= 2) {
      svg += Text(scale.X(tick), kHeight - kBottom + 16, "middle", fmt::format("{:g}", tick));
    }
  } else {
    for (int i = 0; i <= kTicks; ++i) {
      const double value = x.low + (x.high - x.low) * i / kTicks;
      svg += Text(scale.X(value), kHeight - kBottom + 16, "middle", fmt::format("{:.4g}", value));
    }
  }
  svg += Text((kLeft + kWidth - kRight) / 2, kHeight - 6, "middle", spec.x_label);
  return svg + Text(kWidth - kRight, 16, "end", spec.y_label);
}

std::string Series(const PlotSeries& series, const Scale& scale, std::string_view colour) {
  std::string path;
  std::string marks;
  for (const PlotPoint& point : series.points) {
    if (!std::isfinite(point.y)) {
      continue;
    }
    const double x = scale.X(point.x);
    path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "M" : " L", x, scale.Y(point.y));
    marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"><title>{}: {:g}, {:.4g}</title></circle>\n", x,
                         scale.Y(point.y), colour, EscapeHtml(series.label), point.x, point.y);
    if (point.error > 0) {
      marks += Line(x, scale.Y(point.y - point.error), x, scale.Y(point.y + point.error), fmt::format("stroke=\"{}\"", colour));
    }
  }
  return path.empty() ? "" : fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", path, colour) + marks;
}

}  // namespace

std::string SvgPlot(const PlotSpec& spec) {
  const Extent x = ExtentOfX(spec), y = ExtentOfY(spec);
  const Scale scale(x, y, spec.log_x);
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" width=\"{}\" role=\"img\" aria-label=\"{}\" font-size=\"11\" fill=\"currentColor\" "
      "font-family=\"sans-serif\">\n",
      kWidth, kHeight, kWidth, EscapeHtml(spec.title));
  svg += Axes(spec, scale, x, y);
  for (size_t i = 0; i < spec.series.size(); ++i) {
    const std::string_view colour = kColours.at(i % kColours.size());
    svg += Series(spec.series[i], scale, colour);
    const double top = kTop + 10 + 16 * static_cast<double>(i);
    svg += Line(kWidth - kRight + 8, top - 4, kWidth - kRight + 24, top - 4, fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour));
    svg += Text(kWidth - kRight + 28, top, "start", spec.series[i].label);
  }
  return svg + "</svg>\n";
}

}  // namespace cupel
