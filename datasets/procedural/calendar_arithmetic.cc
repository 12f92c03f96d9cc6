// calendar_arithmetic: questions about dates of the proleptic Gregorian calendar. Ours ask for a whole date, or a list of years, so that no
// constant answer is right often.

#include <array>
#include <chrono>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "calendar_arithmetic";
constexpr std::string_view kTasks =
    R"(["weekday_offset","weekday_of_date","weekday_of_date_from_first_date","recurring_event_day","count_days","count_business_days","is_leap_year"])";
constexpr std::string_view kTaskNames =
    "weekday_offset|weekday_of_date|weekday_of_date_from_first_date|recurring_event_day|count_days|count_business_days|is_leap_year";
constexpr Setting kSettings[] = {
    {"tasks", "kinds of question",
     R"(["date_offset","days_between"]|["date_offset","days_between"]|["date_offset","days_between","nth_weekday"]|["date_offset","days_between","nth_weekday","business_days"]|["date_offset","days_between","nth_weekday","business_days","leap_years"])",
     0, 0, "date_offset|days_between|nth_weekday|business_days|leap_years"},
    {"max_days", "largest distance in days", "60|200|400|1000|5000", 30, 100000},
    {"min_year", "first year", "2020|2000|1950|1900|1600", 1583, 9000},
    {"max_year", "last year", "2030|2030|2050|2100|2400", 1583, 9000},
};
constexpr Setting kRgSettings[] = {
    {"year", "the year of the questions", "2022", 1, 9998},
    {"tasks", "kinds of question", kTasks, 0, 0, kTaskNames},
    {"offset_upper_bound", "largest distance in days", "100", 1, 100000},
    {"leap_year_range", "width of the years asked about", "200", 0, 1e9},
};

constexpr std::string_view kWeekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};

bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int64_t DaysInMonth(int64_t year, int64_t month) {
  constexpr std::array<int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[static_cast<size_t>(month - 1)];
}

// A day, counted from 1970-01-01.
struct Date {
  int64_t days = 0;

  static Date Of(int64_t year, int64_t month, int64_t day) {
    const std::chrono::year_month_day fields(std::chrono::year(static_cast<int>(year)), std::chrono::month(static_cast<unsigned>(month)),
                                             std::chrono::day(static_cast<unsigned>(day)));
    return {std::chrono::sys_days(fields).time_since_epoch().count()};
  }
  std::chrono::year_month_day Fields() const { return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days))); }
  int64_t year() const { return static_cast<int>(Fields().year()); }
  unsigned month() const { return static_cast<unsigned>(Fields().month()); }
  unsigned day() const { return static_cast<unsigned>(Fields().day()); }
  size_t weekday() const { return static_cast<size_t>(((days + 3) % 7 + 7) % 7); }  // 0: Monday

  std::string_view WeekdayName() const { return kWeekdays[weekday()]; }
  std::string_view MonthName() const { return kMonths[month() - 1]; }
  std::string Iso() const { return fmt::format("{:04}-{:02}-{:02}", year(), month(), day()); }
  std::string WeekdayAndMonth() const { return fmt::format("{}, {}", WeekdayName(), MonthName()); }
};

int64_t CountWeekday(const Date& first, const Date& last, size_t weekday) {
  int64_t count = 0;
  for (int64_t day = first.days; day <= last.days; ++day) {
    count += Date{day}.weekday() == weekday ? 1 : 0;
  }
  return count;
}

int64_t CountBusinessDays(const Date& first, const Date& last) {
  int64_t count = 0;
  for (int64_t day = first.days; day <= last.days; ++day) {
    count += Date{day}.weekday() < 5 ? 1 : 0;
  }
  return count;
}

// The day of the month of the ordinal (1 to 4, 5: last) weekday, or -1.
int64_t OrdinalDay(int64_t year, int64_t month, size_t ordinal, size_t weekday) {
  int64_t found = -1;
  size_t count = 0;
  for (int64_t day = 1; day <= DaysInMonth(year, month); ++day) {
    if (Date::Of(year, month, day).weekday() == weekday && ++count <= ordinal) {
      found = day;
    }
  }
  return found;
}

constexpr std::string_view kOrdinals[] = {"first", "second", "third", "fourth", "last"};

// reasoning-gym's questions, each with the draws in its order.
class RgQuestions {
 public:
  RgQuestions(const Settings& settings, ItemRandom& random)
      : random_(random),
        year_(settings.Int("year")),
        bound_(settings.Int("offset_upper_bound")),
        leap_range_(settings.Int("leap_year_range")) {}

  Item Ask(std::string_view task, Json& metadata) {
    metadata["task"] = task;
    if (task == "weekday_offset") {
      return WeekdayOffset(metadata);
    }
    if (task == "weekday_of_date") {
      return WeekdayOfDate(metadata);
    }
    if (task == "weekday_of_date_from_first_date") {
      return WeekdayFromFirst(metadata);
    }
    if (task == "recurring_event_day") {
      return RecurringEvent(metadata);
    }
    return task == "count_days" ? CountDays(metadata) : task == "count_business_days" ? BusinessDays(metadata) : LeapYear(metadata);
  }

 private:
  Date DateOfYear() {
    const int64_t month = random_.Int(1, 12);
    return Date::Of(year_, month, random_.Int(1, DaysInMonth(year_, month)));
  }
  Date DateBetween(const Date& first, const Date& last) { return {first.days + random_.Int(0, last.days - first.days)}; }
  Date YearStart() const { return Date::Of(year_, 1, 1); }
  Date YearEnd() const { return Date::Of(year_, 12, 31); }

  template <size_t N>
  std::string Pick(const std::array<std::string, N>& templates) {
    return random_.Choice(templates);
  }

  std::string DayHint() {
    constexpr std::string_view kHints[] = {"Answer with the weekday's name (e.g., Monday, Tuesday, etc.).",
                                           "Provide the full name of the weekday.",
                                           "State the weekday (Monday through Sunday).",
                                           "Give the weekday name in full.",
                                           "Reply with just the weekday name.",
                                           "Write out the full weekday name.",
                                           "Respond with the weekday (Monday-Sunday).",
                                           "Answer using the complete weekday name.",
                                           "Name the day of the week in full."};
    return std::string(random_.Choice(kHints));
  }
  std::string CountHint() {
    constexpr std::string_view kHints[] = {"Answer with a number.",           "Provide the count as a number.",
                                           "Respond with just the number.",   "Write the total number.",
                                           "Give the count numerically.",     "State the amount as a number.",
                                           "Reply with the numerical value.", "Express your answer as a number."};
    return std::string(random_.Choice(kHints));
  }

  Item WeekdayOffset(Json& metadata) {
    const Date start = DateOfYear();
    const int64_t offset = random_.Int(1, bound_);
    const bool is_back = random_.Below(2) == 0;
    const Date target{start.days + (is_back ? -offset : offset)};
    const std::string date = fmt::format("{}, {} {}, {}", start.WeekdayName(), start.MonthName(), start.day(), start.year());
    std::string question = is_back ? Pick<3>({fmt::format("If today is {}, what day of the week was it {} days ago? ", date, offset),
                                              fmt::format("Starting from {}, which weekday was it {} days before? ", date, offset),
                                              fmt::format("Count backward {} days from {} - what's the weekday? ", offset, date)})
                                   : Pick<3>({fmt::format("If today is {}, what day of the week will it be in {} days? ", date, offset),
                                              fmt::format("Starting from {}, which weekday falls after a {}-day jump? ", date, offset),
                                              fmt::format("Count forward {} days from {} - what's the weekday? ", offset, date)});
    question += DayHint();
    metadata["start_date"] = start.Iso();
    metadata["offset_days"] = is_back ? -offset : offset;
    metadata["target_date"] = target.Iso();
    return {question, std::string(target.WeekdayName()), "", false};
  }

  Item WeekdayOfDate(Json& metadata) {
    const Date date = DateOfYear();
    std::string question = Pick<3>({fmt::format("What day of the week was {} {}, {}?", date.MonthName(), date.day(), year_),
                                    fmt::format("On which weekday did {} {}, {} fall?", date.MonthName(), date.day(), year_),
                                    fmt::format("Name the day of the week for {:02}/{:02}/{}.", date.month(), date.day(), year_)});
    question += " " + DayHint();
    metadata["target_date"] = date.Iso();
    return {question, std::string(date.WeekdayName()), "", false};
  }

  Item WeekdayFromFirst(Json& metadata) {
    const auto first = static_cast<size_t>(random_.Int(0, 6));
    const Date last{std::min(YearStart().days + bound_, YearEnd().days)};
    Date date = DateBetween(YearStart(), last);
    while (date.days == YearStart().days) {
      date = DateBetween(YearStart(), last);
    }
    const int64_t delta = date.days - YearStart().days;
    const std::string_view name = kWeekdays[first];
    std::string question = Pick<3>(
        {fmt::format("If the first day of the year was a {}, what day of the week will {} {} be? ", name, date.MonthName(), date.day()),
         fmt::format("Given that January 1 fell on a {}, which weekday occurs on {} {}? ", name, date.MonthName(), date.day()),
         fmt::format("In a year where {} is January 1st, name the weekday of {} {}. ", name, date.MonthName(), date.day())});
    question += DayHint();
    metadata["year"] = year_;
    metadata["first_day"] = name;
    metadata["target_date"] = date.Iso();
    metadata["delta_days"] = delta;
    return {question, std::string(kWeekdays[(first + static_cast<size_t>(delta)) % 7]), "", false};
  }

  Item RecurringEvent(Json& metadata) {
    const int64_t month = random_.Int(1, 12);
    const size_t ordinal = random_.Below(5);
    const auto weekday = static_cast<size_t>(random_.Int(0, 6));
    const std::string_view o = kOrdinals[ordinal], w = kWeekdays[weekday], m = kMonths[month - 1];
    std::string question = Pick<3>(
        {fmt::format("If a meeting is scheduled on the {} {} of {} {}, on which day of the month does it occur? ", o, w, m, year_),
         fmt::format("In {} {}, if an event recurs on the {} {}, what is the date (day of the month) of the event? ", m, year_, o, w),
         fmt::format("Determine the day of the month for the {} {} in {} {}. ", o, w, m, year_)});
    question += CountHint() + " Answer with -1 if the ordinal does not exist in the month.";
    metadata["year"] = year_;
    metadata["month"] = month;
    metadata["ordinal"] = o;
    metadata["weekday"] = w;
    return {question, std::to_string(OrdinalDay(year_, month, ordinal + 1, weekday)), "", false};
  }

  Item CountDays(Json& metadata) {
    const Date first = DateBetween(YearStart(), YearEnd());
    const Date last = DateBetween(first, {std::min(YearEnd().days, first.days + bound_)});
    const auto weekday = static_cast<size_t>(random_.Int(0, 6));
    const std::string_view name = kWeekdays[weekday];
    const std::string a = first.WeekdayAndMonth(), b = last.WeekdayAndMonth();
    std::string question =
        Pick<3>({fmt::format("How many {}s are there from {} {}, {} to {} {}, {} (inclusive of both dates)? ", name, a, first.day(), year_,
                             b, last.day(), year_),
                 fmt::format("Count the occurrences of {} from {} {} to {} {}, {} (including both start and end dates). ", name, a,
                             first.day(), b, last.day(), year_),
                 fmt::format("Between {} {}, {} and {} {}, {} (counting both dates), how many times does {} occur? ", a, first.day(), year_,
                             b, last.day(), year_, name)});
    question += CountHint();
    metadata["year"] = year_;
    metadata["start_date"] = first.Iso();
    metadata["end_date"] = last.Iso();
    return {question, std::to_string(CountWeekday(first, last, weekday)), "", false};
  }

  Item BusinessDays(Json& metadata) {
    const Date first = DateBetween(YearStart(), YearEnd());
    const Date last = DateBetween(first, {first.days + bound_});
    const std::string a = first.WeekdayAndMonth(), b = last.WeekdayAndMonth();
    std::string question = Pick<3>(
        {fmt::format("How many business days (Monday-Friday) are there from {} {}, {} to {} {}, {} (inclusive of both dates)? ", a,
                     first.day(), year_, b, last.day(), year_),
         fmt::format("Count the weekdays (excluding weekends) from {} {} to {} {}, {} (including both start and end dates). ", a,
                     first.day(), b, last.day(), year_),
         fmt::format(
             "Between {} {}, {} and {} {}, {} (counting both dates), what's the total count of business days (Monday through Friday)? ", a,
             first.day(), year_, b, last.day(), year_)});
    question += CountHint();
    metadata["start_date"] = first.Iso();
    metadata["end_date"] = last.Iso();
    return {question, std::to_string(CountBusinessDays(first, last)), "", false};
  }

  Item LeapYear(Json& metadata) {
    const int64_t half = leap_range_ / 2;
    const int64_t year = random_.Int(year_ - half, year_ + half);
    const bool is_leap = ((year % 4) + 4) % 4 == 0 && (((year % 100) + 100) % 100 != 0 || ((year % 400) + 400) % 400 == 0);
    const std::string question =
        Pick<3>({fmt::format("Determine if the year {} is a leap year. ", year), fmt::format("Is {} a leap year? ", year),
                 fmt::format("Tell me whether {} is a leap year. ", year)}) +
        "Answer with Yes or No.";
    metadata["year"] = year;
    metadata["is_leap"] = is_leap;
    return {question, is_leap ? "Yes" : "No", "", false};
  }

  ItemRandom& random_;
  int64_t year_;
  int64_t bound_;
  int64_t leap_range_;
};

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const std::vector<std::string>& tasks = settings.Texts("tasks");
  Json metadata = Json::object();
  Item item = RgQuestions(settings, random).Ask(random.Choice(tasks), metadata);
  metadata["source_dataset"] = kName;
  metadata["source_index"] = index;
  metadata["difficulty"] = {{"tasks", tasks}, {"offset_upper_bound", settings.Int("offset_upper_bound")}};
  item.metadata = DumpJson(metadata);
  return item;
}

std::string LongDate(const Date& date) {
  return fmt::format("{}, {} {}, {}", date.WeekdayName(), date.MonthName(), date.day(), date.year());
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t first_year = settings.Int("min_year"), last_year = settings.Int("max_year");
  const std::string& task = random.Choice(settings.Texts("tasks"));
  const Date low = Date::Of(first_year, 1, 1), high = Date::Of(last_year, 12, 31);
  const Date start{random.Int(low.days, high.days)};
  const int64_t distance = random.Int(8, settings.Int("max_days"));
  Json metadata = BeginMetadata(kName, index);
  metadata["task"] = task;
  std::string question;
  std::string answer;
  if (task == "date_offset") {
    const bool is_back = random.Below(2) == 0;
    question =
        fmt::format("Which date is {} days {} {}? Answer in the form YYYY-MM-DD.", distance, is_back ? "before" : "after", LongDate(start));
    answer = Date{start.days + (is_back ? -distance : distance)}.Iso();
  } else if (task == "days_between") {
    question =
        fmt::format("How many days is it from {} to {}? Answer with one whole number.", start.Iso(), Date{start.days + distance}.Iso());
    answer = std::to_string(distance);
  } else if (task == "nth_weekday") {
    const size_t ordinal = random.Below(5), weekday = random.Below(7);
    const int64_t year = start.year();
    const auto month = static_cast<int64_t>(start.month());
    question = fmt::format("Which date is the {} {} of {} {}? Answer in the form YYYY-MM-DD.", kOrdinals[ordinal], kWeekdays[weekday],
                           kMonths[month - 1], year);
    answer = Date::Of(year, month, OrdinalDay(year, month, ordinal + 1, weekday)).Iso();
  } else if (task == "business_days") {
    const Date last{start.days + distance};
    question = fmt::format("How many of the days from {} to {}, both included, are Mondays to Fridays? Answer with one whole number.",
                           LongDate(start), LongDate(last));
    answer = std::to_string(CountBusinessDays(start, last));
  } else {
    const int64_t year = start.year();
    std::vector<int64_t> years;
    for (int64_t y = year; y <= year + 12; ++y) {
      if (IsLeap(y)) {
        years.push_back(y);
      }
    }
    question = fmt::format("Which years from {} to {} are leap years? Answer with the years in ascending order, separated by commas.", year,
                           year + 12);
    answer = Joined(years);
  }
  metadata["expected"] = answer;
  return CupelItem(settings, std::move(question), answer, std::move(metadata));
}

}  // namespace

const Family kCalendarArithmeticFamily = {kName, "dates, weekdays and numbers of days", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
