// course_schedule: can all courses be taken? Ours asks for an order, or for the cycle that forbids one.

#include <map>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/python_set.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "course_schedule";
constexpr Setting kSettings[] = {
    {"num_courses", "number of courses", "6|7|9|12|16", 4, 60},
    {"max_num_prerequisites", "most prerequisites of a course", "2|2|2|3|3", 1, 6},
    {"min_cycle_length", "shortest planted cycle", "3|3|3|4|5", 3, 20},
    {"max_cycle_length", "longest planted cycle", "3|4|4|6|8", 3, 20},
    {"p_solvable", "share of items that have an order", "0.5", 0, 1},
};
constexpr Setting kRgSettings[] = {
    {"min_num_courses", "fewest courses", "5", 3, 1000},
    {"max_num_courses", "most courses", "10", 3, 1000},
    {"min_num_prerequisites", "fewest prerequisites of a course", "1", 1, 100},
    {"max_num_prerequisites", "most prerequisites of a course", "2", 1, 100},
    {"min_cycle_length", "shortest planted cycle", "3", 3, 1000},
    {"max_cycle_length", "longest planted cycle", "5", 3, 1000},
    {"p_solvable", "share of solvable items", "0.5", 0, 1},
};

using Pairs = std::vector<std::pair<int64_t, int64_t>>;  // (course, what must come before it)

struct Range {
  int64_t low;
  int64_t high;
};

Pairs DrawPairs(const std::vector<int64_t>& courses, const Range& per_course, const Range& cycle, bool is_solvable, ItemRandom& random) {
  Pairs pairs;
  for (size_t i = courses.size() - 1; i > 0; --i) {
    const std::vector<int64_t> earlier(courses.begin(), courses.begin() + static_cast<int64_t>(i));
    const int64_t count = std::min<int64_t>(std::ssize(earlier), random.Int(per_course.low, per_course.high));
    for (const int64_t before : random.SampleOf(earlier, static_cast<size_t>(count))) {
      pairs.emplace_back(courses[i], before);
    }
  }
  if (!is_solvable) {
    const int64_t length = std::min<int64_t>(std::ssize(courses), random.Int(cycle.low, cycle.high));
    const std::vector<int64_t> members = random.SampleOf(courses, static_cast<size_t>(length));
    for (size_t i = 0; i < members.size(); ++i) {
      pairs.emplace_back(members[i], members[(i + 1) % members.size()]);
    }
  }
  return pairs;
}

// Without duplicates, in the order in which Python lists a set of them.
Pairs AsPythonSet(const Pairs& pairs) {
  PythonSet set;
  std::map<std::pair<int64_t, int64_t>, int64_t> ids;
  Pairs distinct;
  for (const auto& pair : pairs) {
    const auto [it, is_new] = ids.emplace(pair, std::ssize(distinct));
    if (is_new) {
      distinct.push_back(pair);
    }
    set.Add(PythonTupleHash({pair.first, pair.second}), it->second);
  }
  Pairs result;
  for (const int64_t id : set.Ids()) {
    result.push_back(distinct[static_cast<size_t>(id)]);
  }
  return result;
}

// An order of all courses; shorter when a cycle forbids it.
std::vector<int64_t> Order(int64_t num_courses, const Pairs& pairs) {
  std::vector<int64_t> missing(static_cast<size_t>(num_courses));
  for (const auto& pair : pairs) {
    ++missing[static_cast<size_t>(pair.first)];
  }
  std::vector<int64_t> order;
  for (int64_t course = 0; course < num_courses; ++course) {
    if (missing[static_cast<size_t>(course)] == 0) {
      order.push_back(course);
    }
  }
  for (size_t head = 0; head < order.size(); ++head) {
    for (const auto& [course, before] : pairs) {
      if (before == order[head] && --missing[static_cast<size_t>(course)] == 0) {
        order.push_back(course);
      }
    }
  }
  return order;
}

// Courses each of which needs the next, and the last the first. Each course outside `order` needs another outside it.
std::vector<int64_t> Cycle(int64_t num_courses, const Pairs& pairs, const std::vector<int64_t>& order) {
  std::vector<bool> is_free(static_cast<size_t>(num_courses));
  for (const int64_t course : order) {
    is_free[static_cast<size_t>(course)] = true;
  }
  std::vector<int64_t> walk = {static_cast<int64_t>(std::ranges::find(is_free, false) - is_free.begin())};
  while (true) {
    const auto needs =
        std::ranges::find_if(pairs, [&](const auto& p) { return p.first == walk.back() && !is_free[static_cast<size_t>(p.second)]; });
    const auto seen = std::ranges::find(walk, needs->second);
    if (seen != walk.end()) {
      return {seen, walk.end()};
    }
    walk.push_back(needs->second);
  }
}

std::vector<int64_t> ShuffledCourses(int64_t count, ItemRandom& random) {
  std::vector<int64_t> courses(static_cast<size_t>(count));
  for (size_t i = 0; i < courses.size(); ++i) {
    courses[i] = static_cast<int64_t>(i);
  }
  random.Shuffle(courses);
  return courses;
}

Json PairsJson(const Pairs& pairs) {
  Json json = Json::array();
  for (const auto& [course, before] : pairs) {
    json.push_back({course, before});
  }
  return json;
}

std::string PairsText(const Pairs& pairs) {
  std::vector<std::string> texts;
  for (const auto& [course, before] : pairs) {
    texts.push_back(fmt::format("({}, {})", course, before));
  }
  return Bracketed(texts);
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t count = random.Int(settings.Int("min_num_courses"), settings.Int("max_num_courses"));
  const std::vector<int64_t> courses = ShuffledCourses(count, random);
  const bool is_solvable = random.Random() < settings.Real("p_solvable");
  Pairs pairs = AsPythonSet(DrawPairs(courses, {settings.Int("min_num_prerequisites"), settings.Int("max_num_prerequisites")},
                                      {settings.Int("min_cycle_length"), settings.Int("max_cycle_length")}, is_solvable, random));
  random.Shuffle(pairs);
  const bool can_finish = std::ssize(Order(count, pairs)) == count;
  Json metadata = BeginMetadata(kName, index);
  metadata["courses"] = courses;
  metadata["prerequisites"] = PairsJson(pairs);
  metadata["solution"] = can_finish;
  metadata["solvable"] = is_solvable;
  metadata["difficulty"] = {{"num_courses", RangeOf(settings, "num_courses")},
                            {"num_prerequisites", RangeOf(settings, "num_prerequisites")},
                            {"cycle_length", RangeOf(settings, "cycle_length")}};
  return RgItem(
      fmt::format("There are a total of {} courses you have to take, labeled from 0 to {}.\n\nYou are given the following list of "
                  "prerequisites, where prerequisites[i] = (a_i, b_i) indicates that you must first take course b_i if you want to "
                  "take course a_i:\n{}\n\nReturn True if you can finish all courses considering the prerequisites, or False "
                  "otherwise.\n",
                  count, count - 1, PairsText(pairs)),
      can_finish ? "True" : "False", metadata);
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t count = settings.Int("num_courses");
  const std::vector<int64_t> courses = ShuffledCourses(count, random);
  const bool is_solvable = random.Random() < settings.Real("p_solvable");
  Pairs pairs = DrawPairs(courses, {1, settings.Int("max_num_prerequisites")},
                          {settings.Int("min_cycle_length"), settings.Int("max_cycle_length")}, is_solvable, random);
  std::ranges::sort(pairs);
  pairs.erase(std::ranges::unique(pairs).begin(), pairs.end());
  random.Shuffle(pairs);
  const std::vector<int64_t> order = Order(count, pairs);
  const bool can_finish = std::ssize(order) == count;
  const std::string answer = can_finish ? "order: " + Joined(order) : "cycle: " + Joined(Cycle(count, pairs, order));
  Json metadata = BeginMetadata(kName, index);
  metadata["num_courses"] = count;
  metadata["prerequisites"] = PairsJson(pairs);
  metadata["solvable"] = can_finish;
  return CupelItem(
      settings,
      fmt::format("Courses 0 to {} have prerequisites; (a, b) says that b must be taken before a: {}. If all courses can be taken "
                  "one after the other, answer with such an order: \"order: \" and all courses, separated by commas. If not, "
                  "answer with a cycle: \"cycle: \" and courses each of which has the next as a prerequisite, and the last the "
                  "first.",
                  count - 1, PairsText(pairs)),
      answer, std::move(metadata));
}

}  // namespace

const Family kCourseScheduleFamily = {kName,     "order courses by their prerequisites, or find a cycle", kSettings, Generate, kRgSettings,
                                      GenerateRg};

}  // namespace cupel
