#include "experiments/score/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "experiments/consensus.h"
#include "policy/tokenizer.h"
#include "verifiers/answer/marks.h"

namespace cupel {
namespace {

constexpr size_t kBins = 40;
constexpr size_t kExcerptBytes = 600;

// One scored answer with what is known of it.
struct Row {
  const AnswerGroup* group;
  const Answer* answer;
  const JudgedAnswer* scored;
  size_t position;  // in its group
};

std::vector<Row> ScoredRows(const ScoredSet& set) {
  std::vector<Row> rows;
  for (size_t g = 0; g < set.groups.size(); ++g) {
    for (size_t i = 0; i < set.groups[g].answers.size(); ++i) {
      if (set.scored[g].answers[i].verdict.is_scored()) {
        rows.push_back({&set.groups[g], &set.groups[g].answers[i], &set.scored[g].answers[i], i});
      }
    }
  }
  return rows;
}

// The terms' values and, last, the reward.
std::vector<std::vector<double>> Columns(const std::vector<Row>& rows, size_t num_terms) {
  std::vector<std::vector<double>> columns(num_terms + 1);
  for (size_t k = 0; k <= num_terms; ++k) {
    columns[k].reserve(rows.size());
    for (const Row& row : rows) {
      columns[k].push_back(k < num_terms ? row.scored->values[k] : row.scored->reward);
    }
  }
  return columns;
}

std::string ColumnName(const ScoredSet& set, size_t k) { return k < set.terms.size() ? set.terms[k] : "reward"; }

bool IsCorrect(const Row& row) { return row.scored->verdict.outcome == Outcome::kCorrect; }

double Quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

Json Histogram(const std::vector<double>& values, const std::vector<Row>& rows, double low, double high) {
  std::array<std::vector<int64_t>, 2> counts = {std::vector<int64_t>(kBins), std::vector<int64_t>(kBins)};
  for (size_t i = 0; i < values.size(); ++i) {
    const double share = high > low ? (values[i] - low) / (high - low) : 0.5;
    const auto bin = std::min(kBins - 1, static_cast<size_t>(share * static_cast<double>(kBins)));
    ++counts[IsCorrect(rows[i]) ? 1 : 0][bin];
  }
  return {{"low", ReportNumber(low)}, {"high", ReportNumber(high)}, {"correct", counts[1]}, {"other", counts[0]}};
}

Json DistributionOf(const std::string& name, const std::vector<double>& values, const std::vector<Row>& rows) {
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  std::array<std::vector<double>, 2> apart;
  for (size_t i = 0; i < values.size(); ++i) {
    apart[IsCorrect(rows[i]) ? 1 : 0].push_back(values[i]);
  }
  const double mean = SampleMean(values);
  Json quantiles = Json::object();
  for (const int percent : {1, 5, 25, 50, 75, 95, 99}) {
    quantiles[fmt::format("{}", percent)] = ReportNumber(Quantile(sorted, percent / 100.0));
  }
  const auto zeros = std::ranges::count(values, 0.0);
  return {{"name", name},
          {"mean", ReportNumber(mean)},
          {"std", ReportNumber(SampleDeviation(values, mean))},
          {"min", ReportNumber(sorted.front())},
          {"max", ReportNumber(sorted.back())},
          {"mean_correct", ReportNumber(SampleMean(apart[1]))},
          {"mean_other", ReportNumber(SampleMean(apart[0]))},
          {"share_zero", ReportNumber(static_cast<double>(zeros) / static_cast<double>(values.size()))},
          {"quantiles", std::move(quantiles)},
          {"histogram", Histogram(values, rows, sorted.front(), sorted.back())}};
}

struct Feature {
  const char* name;
  double (*of)(const Row& row);
};

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Where the judged answer begins, as a share of the text.
double AnswerPlace(const Row& row) {
  const double size = static_cast<double>(row.answer->text.size());
  return size > 0 ? static_cast<double>(row.scored->verdict.span.begin) / size : 0;
}

const std::array<Feature, 9> kFeatures = {{
    {"tokens", [](const Row& row) { return static_cast<double>(row.answer->num_tokens); }},
    {"bytes", [](const Row& row) { return static_cast<double>(row.answer->text.size()); }},
    {"cut at the limit", [](const Row& row) { return row.answer->is_truncated ? 1.0 : 0.0; }},
    {"has a box", [](const Row& row) { return ScanBoxes(row.answer->text).filled > 0 ? 1.0 : 0.0; }},
    {"has answer tags", [](const Row& row) { return Has(row.answer->text, "<answer>") ? 1.0 : 0.0; }},
    {"has think tags", [](const Row& row) { return Has(row.answer->text, "</think>") ? 1.0 : 0.0; }},
    {"place of the answer", &AnswerPlace},
    {"position in the group", [](const Row& row) { return static_cast<double>(row.position); }},
    {"is correct", [](const Row& row) { return IsCorrect(row) ? 1.0 : 0.0; }},
}};

Json DisagreementOf(const Row& row) {
  return {{"where", row.answer->where},
          {"task", row.group->task.id},
          {"question", ReportExcerpt(row.group->task.prompt.back().content)},
          {"gold", ReportExcerpt(row.group->task.answer)},
          {"text", ReportExcerpt(row.answer->text)},
          {"reward", ReportNumber(row.scored->reward)},
          {"label", row.answer->label ? ReportNumber(*row.answer->label) : Json(nullptr)},
          {"outcome", OutcomeName(row.scored->verdict.outcome)},
          {"reason", ReportExcerpt(row.scored->verdict.reason)}};
}

// The probability that a good answer has a higher reward than a bad one, ties counting half (Mann and Whitney).
double AreaUnderCurve(std::vector<std::pair<double, bool>> scored) {
  std::ranges::sort(scored, {}, &std::pair<double, bool>::first);
  double wins = 0, bad_before = 0, good = 0, bad = 0;
  for (size_t i = 0; i < scored.size();) {
    double good_here = 0, bad_here = 0;
    const double value = scored[i].first;
    for (; i < scored.size() && scored[i].first == value; ++i) {
      (scored[i].second ? good_here : bad_here) += 1;
    }
    wins += good_here * (bad_before + bad_here / 2);
    bad_before += bad_here;
    good += good_here;
    bad += bad_here;
  }
  return good > 0 && bad > 0 ? wins / (good * bad) : std::nan("");
}

// A group's advantages taken apart by term: (w v - mean(w v)) / (std(reward) + 1e-6).
struct GroupSignal {
  double std = 0;
  std::vector<std::vector<double>> parts;  // [terms][scored members]
  std::vector<double> advantages;          // [scored members]
};

GroupSignal SignalOfGroup(const JudgedGroup& group, size_t num_terms) {
  std::vector<const JudgedAnswer*> members;
  for (const JudgedAnswer& answer : group.answers) {
    if (answer.verdict.is_scored()) {
      members.push_back(&answer);
    }
  }
  GroupSignal signal;
  signal.parts.resize(num_terms);
  std::vector<double> rewards;
  std::ranges::transform(members, std::back_inserter(rewards), &JudgedAnswer::reward);
  const double mean = members.empty() ? 0 : SampleMean(rewards);
  const bool is_flat = rewards.empty() || std::ranges::min(rewards) == std::ranges::max(rewards);
  signal.std = is_flat ? 0 : SampleDeviation(rewards, mean);
  for (const double reward : rewards) {
    signal.advantages.push_back(is_flat ? 0 : (reward - mean) / (signal.std + 1e-6));
  }
  for (size_t k = 0; k < num_terms; ++k) {
    std::vector<double> values;
    std::ranges::transform(members, std::back_inserter(values),
                           [&](const JudgedAnswer* member) { return member->values[k] * group.weights[k]; });
    const double mean_value = values.empty() ? 0 : SampleMean(values);
    for (const double value : values) {
      signal.parts[k].push_back((value - mean_value) / (signal.std + 1e-6));
    }
  }
  return signal;
}

}  // namespace

Json ReportNumber(double value) { return std::isfinite(value) ? Json::parse(fmt::format("{:.6g}", value)) : Json(nullptr); }

std::string ReportExcerpt(std::string_view text) {
  return ReplaceInvalidUtf8(text.substr(0, kExcerptBytes)) + (text.size() > kExcerptBytes ? "…" : "");
}

double Correlation(std::span<const double> x, std::span<const double> y) {
  const double mean_x = SampleMean(x), mean_y = SampleMean(y);
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return xx > 1e-18 && yy > 1e-18 ? xy / std::sqrt(xx * yy) : std::nan("");
}

Json CountsOf(const ScoredSet& set) {
  std::map<std::string, int64_t> outcomes;
  std::map<std::string, int64_t> errors;
  int64_t answers = 0;
  for (const JudgedGroup& group : set.scored) {
    for (const JudgedAnswer& answer : group.answers) {
      ++answers;
      ++outcomes[std::string(OutcomeName(answer.verdict.outcome))];
      if (answer.verdict.outcome == Outcome::kError) {
        ++errors[answer.verdict.reason];
      }
    }
  }
  Json counts = {{"groups", set.groups.size()}, {"answers", answers}, {"outcomes", outcomes}, {"errors", Json::array()}};
  std::vector<std::pair<std::string, int64_t>> sorted(errors.begin(), errors.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string, int64_t>::second);
  for (size_t i = 0; i < std::min<size_t>(10, sorted.size()); ++i) {
    counts["errors"].push_back({{"message", ReportExcerpt(sorted[i].first)}, {"count", sorted[i].second}});
  }
  return counts;
}

Json DistributionsOf(const ScoredSet& set) {
  const std::vector<Row> rows = ScoredRows(set);
  Json list = Json::array();
  if (rows.empty()) {
    return list;
  }
  const auto columns = Columns(rows, set.terms.size());
  for (size_t k = 0; k < columns.size(); ++k) {
    list.push_back(DistributionOf(ColumnName(set, k), columns[k], rows));
  }
  return list;
}

Json AgreementOf(const ScoredSet& set, double threshold) {
  constexpr size_t kMaxListed = 50;
  std::vector<Row> rows = ScoredRows(set);
  std::erase_if(rows, [](const Row& row) { return !row.answer->label; });
  if (rows.empty()) {
    return nullptr;
  }
  std::array<std::array<int64_t, 2>, 2> counts{};  // [label][accepted]
  std::vector<std::pair<double, bool>> scored;
  std::vector<Row> wrong;
  for (const Row& row : rows) {
    const bool is_good = *row.answer->label >= 0.5;
    const bool is_accepted = row.scored->reward >= threshold;
    ++counts[is_good ? 1 : 0][is_accepted ? 1 : 0];
    scored.emplace_back(row.scored->reward, is_good);
    if (is_good != is_accepted) {
      wrong.push_back(row);
    }
  }
  std::ranges::stable_sort(wrong, std::ranges::greater(), [&](const Row& row) { return std::abs(row.scored->reward - threshold); });
  const auto share = [](int64_t part, int64_t whole) {
    return ReportNumber(whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : std::nan(""));
  };
  Json agreement = {{"threshold", ReportNumber(threshold)},
                    {"labelled", rows.size()},
                    {"true_positive", counts[1][1]},
                    {"false_positive", counts[0][1]},
                    {"false_negative", counts[1][0]},
                    {"true_negative", counts[0][0]},
                    {"precision", share(counts[1][1], counts[1][1] + counts[0][1])},
                    {"recall", share(counts[1][1], counts[1][1] + counts[1][0])},
                    {"accuracy", share(counts[1][1] + counts[0][0], std::ssize(rows))},
                    {"auc", ReportNumber(AreaUnderCurve(scored))},
                    {"disagreements", wrong.size()},
                    {"worst", Json::array()}};
  for (size_t i = 0; i < std::min(kMaxListed, wrong.size()); ++i) {
    agreement["worst"].push_back(DisagreementOf(wrong[i]));
  }
  return agreement;
}

Json CorrelationsOf(const ScoredSet& set) {
  const std::vector<Row> rows = ScoredRows(set);
  const auto columns = Columns(rows, set.terms.size());
  Json table = {{"features", Json::array()}, {"rows", Json::array()}};
  std::vector<std::vector<double>> features;
  for (const Feature& feature : kFeatures) {
    table["features"].push_back(feature.name);
    std::ranges::transform(rows, std::back_inserter(features.emplace_back()), feature.of);
  }
  for (size_t k = 0; k < columns.size(); ++k) {
    Json values = Json::array();
    for (const std::vector<double>& feature : features) {
      values.push_back(rows.empty() ? Json(nullptr) : ReportNumber(Correlation(columns[k], feature)));
    }
    table["rows"].push_back({{"name", ColumnName(set, k)}, {"values", std::move(values)}});
  }
  return table;
}

Json SignalOf(const ScoredSet& set) {
  const size_t num_terms = set.terms.size();
  int64_t flat = 0, all_correct = 0, none_correct = 0;
  std::vector<int64_t> flat_terms(num_terms);
  std::vector<double> with_advantage(num_terms), sizes(num_terms);
  double squares = 0, members = 0;
  for (const JudgedGroup& group : set.scored) {
    const GroupSignal signal = SignalOfGroup(group, num_terms);
    const auto correct = std::ranges::count_if(group.answers, [](const JudgedAnswer& a) { return a.verdict.outcome == Outcome::kCorrect; });
    flat += signal.std == 0 ? 1 : 0;
    all_correct += correct == std::ssize(group.answers) ? 1 : 0;
    none_correct += correct == 0 ? 1 : 0;
    for (size_t k = 0; k < num_terms; ++k) {
      const bool is_flat = std::ranges::all_of(signal.parts[k], [](double part) { return std::abs(part) < 1e-9; });
      flat_terms[k] += is_flat ? 1 : 0;
      for (size_t i = 0; signal.std > 0 && i < signal.advantages.size(); ++i) {
        with_advantage[k] += signal.parts[k][i] * signal.advantages[i];
        sizes[k] += std::abs(signal.parts[k][i]);
      }
    }
    for (const double advantage : signal.advantages) {
      squares += advantage * advantage;
      members += signal.std > 0 ? 1 : 0;
    }
  }
  const auto of_groups = [&](int64_t count) {
    return ReportNumber(set.groups.empty() ? std::nan("") : static_cast<double>(count) / static_cast<double>(set.groups.size()));
  };
  Json terms = Json::array();
  for (size_t k = 0; k < num_terms; ++k) {
    terms.push_back({{"name", set.terms[k]},
                     {"share_without_variance", of_groups(flat_terms[k])},
                     {"advantage_share", ReportNumber(squares > 0 ? with_advantage[k] / squares : std::nan(""))},
                     {"mean_size", ReportNumber(members > 0 ? sizes[k] / members : std::nan(""))}});
  }
  return {{"groups", set.groups.size()},
          {"share_without_variance", of_groups(flat)},
          {"share_all_correct", of_groups(all_correct)},
          {"share_none_correct", of_groups(none_correct)},
          {"terms", std::move(terms)}};
}

Json ComparisonOf(const std::string& name, const ScoredSet& one, const std::vector<JudgedGroup>& other) {
  constexpr size_t kMaxListed = 30;
  std::vector<double> x, y;
  struct Pair {
    Row row;
    double other;
    double distance;
  };
  std::vector<Pair> pairs;
  int64_t ordered = 0, opposite = 0, ties_broken = 0;
  for (size_t g = 0; g < one.groups.size(); ++g) {
    const auto& a = one.scored[g].answers;
    const auto& b = other[g].answers;
    for (size_t i = 0; i < a.size(); ++i) {
      if (!a[i].verdict.is_scored() || !b[i].verdict.is_scored()) {
        continue;
      }
      x.push_back(a[i].reward);
      y.push_back(b[i].reward);
      pairs.push_back({{&one.groups[g], &one.groups[g].answers[i], &a[i], i}, b[i].reward, 0});
      for (size_t j = 0; j < i; ++j) {
        if (!a[j].verdict.is_scored() || !b[j].verdict.is_scored()) {
          continue;
        }
        const double first = a[i].reward - a[j].reward, second = b[i].reward - b[j].reward;
        ordered += 1;
        opposite += first * second < 0 ? 1 : 0;
        ties_broken += (first == 0) != (second == 0) ? 1 : 0;
      }
    }
  }
  const double mean_x = SampleMean(x), mean_y = SampleMean(y);
  const double std_x = SampleDeviation(x, mean_x), std_y = SampleDeviation(y, mean_y);
  for (size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].distance = std::abs((std_x > 0 ? (x[i] - mean_x) / std_x : 0) - (std_y > 0 ? (y[i] - mean_y) / std_y : 0));
  }
  std::ranges::stable_sort(pairs, std::ranges::greater(), &Pair::distance);
  const auto share = [&](int64_t part) {
    return ReportNumber(ordered > 0 ? static_cast<double>(part) / static_cast<double>(ordered) : std::nan(""));
  };
  Json worst = Json::array();
  for (size_t i = 0; i < std::min(kMaxListed, pairs.size()) && pairs[i].distance > 1e-9; ++i) {
    worst.push_back(DisagreementOf(pairs[i].row));
    worst.back()["other"] = ReportNumber(pairs[i].other);
  }
  return {{"name", name},
          {"mean", ReportNumber(mean_x)},
          {"mean_other", ReportNumber(mean_y)},
          {"correlation", ReportNumber(Correlation(x, y))},
          {"pairs", ordered},
          {"share_opposite", share(opposite)},
          {"share_ties_broken", share(ties_broken)},
          {"worst", std::move(worst)}};
}

}  // namespace cupel
