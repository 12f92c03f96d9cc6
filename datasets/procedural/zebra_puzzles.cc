// zebra_puzzles: who lives where with what. The clues have one solution, by propagation and search, and none of them can be left out.

#include <bit>
#include <optional>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"
#include "datasets/procedural/words.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "zebra_puzzles";
constexpr Setting kSettings[] = {
    {"houses", "number of houses", "3|3|4|4|5", 3, 6},
    {"attributes", "kinds of things besides the names", "2|3|3|4|4", 1, 5},
};

struct Attribute {
  std::string_view name;
  std::string_view phrase;  // "the person {}"
  std::string_view values[6];
};
constexpr Attribute kAttributes[] = {
    {"pet", "who keeps the {}", {"cat", "dog", "horse", "parrot", "snake", "turtle"}},
    {"drink", "who drinks {}", {"coffee", "juice", "milk", "tea", "water", "cocoa"}},
    {"color", "in the {} house", {"blue", "green", "red", "white", "yellow", "black"}},
    {"job", "who works as a {}", {"baker", "doctor", "farmer", "lawyer", "painter", "teacher"}},
    {"sport", "who plays {}", {"chess", "football", "golf", "hockey", "rugby", "tennis"}},
};

// item = attribute * houses + value; attribute 0 are the names.
struct Clue {
  enum class Kind : uint8_t { kSame, kLeft, kNextTo, kAt, kNotAt };
  Kind kind = Kind::kSame;
  int a = 0;
  int b = 0;  // another item, or a house
};

// domain[item]: bit h is set while the item may live in house h.
class Solver {
 public:
  Solver(int houses, int attributes, const std::vector<Clue>& clues) : houses_(houses), attributes_(attributes), clues_(clues) {}

  // Number of solutions, counted up to 2.
  int Count() { return Search(std::vector<unsigned>(static_cast<size_t>(houses_ * attributes_), (1U << houses_) - 1), 2); }

 private:
  using Domains = std::vector<unsigned>;

  unsigned Shadow(unsigned domain, Clue::Kind kind, bool is_first) const {
    const unsigned left = domain >> 1, right = domain << 1 & ((1U << houses_) - 1);
    return kind == Clue::Kind::kSame ? domain : kind == Clue::Kind::kNextTo ? left | right : is_first ? left : right;
  }

  bool Propagate(Domains& domains) const {
    const auto narrow = [&](int item, unsigned to, bool& changed) {
      unsigned& domain = domains[static_cast<size_t>(item)];
      changed = changed || (domain & to) != domain;
      domain &= to;
      return domain != 0;
    };
    for (bool changed = true; changed;) {
      changed = false;
      for (const Clue& clue : clues_) {
        if (clue.kind == Clue::Kind::kAt || clue.kind == Clue::Kind::kNotAt) {
          const unsigned house = 1U << clue.b;
          if (!narrow(clue.a, clue.kind == Clue::Kind::kAt ? house : ~house, changed)) {
            return false;
          }
        } else if (!narrow(clue.a, Shadow(domains[static_cast<size_t>(clue.b)], clue.kind, true), changed) ||
                   !narrow(clue.b, Shadow(domains[static_cast<size_t>(clue.a)], clue.kind, false), changed)) {
          return false;
        }
      }
      for (int item = 0; item < houses_ * attributes_; ++item) {
        const unsigned domain = domains[static_cast<size_t>(item)];
        if (!std::has_single_bit(domain)) {
          continue;
        }
        for (int other = item / houses_ * houses_; other < (item / houses_ + 1) * houses_; ++other) {
          if (other != item && !narrow(other, ~domain, changed)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  int Search(Domains domains, int limit) const {
    if (!Propagate(domains)) {
      return 0;
    }
    int best = -1;
    for (int item = 0; item < houses_ * attributes_; ++item) {
      const int size = std::popcount(domains[static_cast<size_t>(item)]);
      if (size > 1 && (best < 0 || size < std::popcount(domains[static_cast<size_t>(best)]))) {
        best = item;
      }
    }
    if (best < 0) {
      return 1;
    }
    int count = 0;
    for (unsigned rest = domains[static_cast<size_t>(best)]; rest != 0 && count < limit; rest &= rest - 1) {
      Domains next = domains;
      next[static_cast<size_t>(best)] = rest & (~rest + 1);
      count += Search(std::move(next), limit - count);
    }
    return count;
  }

  int houses_;
  int attributes_;
  const std::vector<Clue>& clues_;
};

struct World {
  int houses = 0;
  int attributes = 0;
  std::vector<std::vector<std::string>> values;  // per attribute
  std::vector<std::string_view> phrases;
  std::vector<std::string_view> names;
  std::vector<int> house_of;  // per item

  std::string Person(int item) const {
    const auto attribute = static_cast<size_t>(item / houses);
    const std::string& value = values[attribute][static_cast<size_t>(item % houses)];
    return attribute == 0 ? value : "the person " + fmt::format(fmt::runtime(phrases[attribute]), value);
  }

  std::string Text(const Clue& clue) const {
    const std::string a = Capitalized(Person(clue.a));
    switch (clue.kind) {
      case Clue::Kind::kSame:
        return fmt::format("{} is {}.", a, Person(clue.b));
      case Clue::Kind::kLeft:
        return fmt::format("{} lives directly to the left of {}.", a, Person(clue.b));
      case Clue::Kind::kNextTo:
        return fmt::format("{} lives next to {}.", a, Person(clue.b));
      case Clue::Kind::kAt:
        return fmt::format("{} lives in house {}.", a, clue.b + 1);
      default:
        return fmt::format("{} does not live in house {}.", a, clue.b + 1);
    }
  }
};

World DrawWorld(const Settings& settings, ItemRandom& random) {
  World world;
  world.houses = static_cast<int>(settings.Int("houses"));
  world.attributes = static_cast<int>(settings.Int("attributes")) + 1;
  const auto houses = static_cast<size_t>(world.houses);
  std::vector<std::string> people;
  for (const size_t i : random.Sample(FirstNames().size(), houses)) {
    people.emplace_back(FirstNames()[i]);
  }
  world.values.push_back(people);
  world.phrases.emplace_back();
  world.names.emplace_back("name");
  for (const size_t i : random.Sample(std::size(kAttributes), static_cast<size_t>(world.attributes) - 1)) {
    std::vector<std::string> values;
    for (const size_t j : random.Sample(std::size(kAttributes[i].values), houses)) {
      values.emplace_back(kAttributes[i].values[j]);
    }
    world.values.push_back(std::move(values));
    world.phrases.push_back(kAttributes[i].phrase);
    world.names.push_back(kAttributes[i].name);
  }
  for (int attribute = 0; attribute < world.attributes; ++attribute) {
    for (const size_t house : random.Sample(houses, houses)) {
      world.house_of.push_back(static_cast<int>(house));
    }
  }
  return world;
}

// Every clue of the kinds that is true, in random order, direct ones last.
std::vector<Clue> TrueClues(const World& world, ItemRandom& random) {
  std::vector<Clue> clues, direct;
  const int items = world.houses * world.attributes;
  const auto house = [&](int item) { return world.house_of[static_cast<size_t>(item)]; };
  for (int a = 0; a < items; ++a) {
    direct.push_back({Clue::Kind::kAt, a, house(a)});
    clues.push_back({Clue::Kind::kNotAt, a, (house(a) + static_cast<int>(random.Int(1, world.houses - 1))) % world.houses});
    for (int b = 0; b < items; ++b) {
      if (a / world.houses == b / world.houses) {
        continue;
      }
      if (house(a) == house(b) && a < b) {
        clues.push_back({Clue::Kind::kSame, a, b});
      } else if (house(a) + 1 == house(b)) {
        clues.push_back({random.Below(2) == 0 ? Clue::Kind::kLeft : Clue::Kind::kNextTo, a, b});
      }
    }
  }
  random.Shuffle(clues);
  random.Shuffle(direct);
  clues.insert(clues.end(), direct.begin(), direct.end());
  return clues;
}

// As few of the clues as keep one solution: first enough of them, then each is left out that can be.
std::vector<Clue> MinimalClues(const World& world, const std::vector<Clue>& all) {
  const auto is_unique = [&](const std::vector<Clue>& clues) { return Solver(world.houses, world.attributes, clues).Count() == 1; };
  size_t low = 0, high = all.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (is_unique({all.begin(), all.begin() + static_cast<int64_t>(middle)})) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  std::vector<Clue> clues(all.begin(), all.begin() + static_cast<int64_t>(low));
  for (size_t i = clues.size(); i-- > 0;) {
    std::vector<Clue> fewer = clues;
    fewer.erase(fewer.begin() + static_cast<int64_t>(i));
    if (is_unique(fewer)) {
      clues = std::move(fewer);
    }
  }
  return clues;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const World world = DrawWorld(settings, random);
  std::vector<Clue> clues = MinimalClues(world, TrueClues(world, random));
  random.Shuffle(clues);
  std::string text;
  for (size_t i = 0; i < clues.size(); ++i) {
    text += fmt::format("{}. {}\n", i + 1, world.Text(clues[i]));
  }
  std::string kinds;
  for (size_t i = 1; i < world.values.size(); ++i) {
    std::vector<std::string> sorted = world.values[i];
    std::ranges::sort(sorted);
    kinds += fmt::format("{}: {}\n", world.names[i], Joined(sorted));
  }
  std::vector<std::string> people = world.values[0];
  std::ranges::sort(people);
  std::vector<std::string> lines;
  Json table = Json::array();
  for (int house = 0; house < world.houses; ++house) {
    std::vector<std::string> cells;
    for (int attribute = 0; attribute < world.attributes; ++attribute) {
      for (int value = 0; value < world.houses; ++value) {
        if (world.house_of[static_cast<size_t>(attribute * world.houses + value)] == house) {
          cells.push_back(world.values[static_cast<size_t>(attribute)][static_cast<size_t>(value)]);
        }
      }
    }
    lines.push_back(fmt::format("{}: {}", house + 1, Joined(cells)));
    table.push_back(cells);
  }
  Json metadata = BeginMetadata(kName, index);
  metadata["table"] = std::move(table);
  metadata["num_clues"] = clues.size();
  return CupelItem(
      settings,
      fmt::format("{} people live in houses 1 to {}, from left to right: {}. Each has one of these, and nobody shares:\n{}What is known:\n"
                  "{}Answer with one line for each house: its number, a colon, then {}, separated by commas.",
                  world.houses, world.houses, Joined(people), kinds, text, Joined(world.names)),
      Joined(lines, "\n"), std::move(metadata));
}

}  // namespace

const Family kZebraPuzzlesFamily = {kName, "who lives where with what", kSettings, Generate};

}  // namespace cupel
