// knights_knaves: who tells the truth and who lies. One solution, by trying all roles.

#include <bit>

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"
#include "datasets/procedural/words.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "knights_knaves";
constexpr Setting kSettings[] = {
    {"people", "number of people", "3|4|5|6|8", 2, 10},
    {"depth", "nesting of their statements", "2|2|2|2|3", 2, 4},
};

struct Statement {
  enum class Kind : uint8_t { kRole, kAnd, kOr, kImplies, kIff };
  Kind kind = Kind::kRole;
  size_t person = 0;
  bool is_knight = true;
  std::vector<Statement> parts;

  bool Holds(unsigned knights) const {
    switch (kind) {
      case Kind::kRole:
        return ((knights >> person & 1) != 0) == is_knight;
      case Kind::kAnd:
        return parts[0].Holds(knights) && parts[1].Holds(knights);
      case Kind::kOr:
        return parts[0].Holds(knights) || parts[1].Holds(knights);
      case Kind::kImplies:
        return !parts[0].Holds(knights) || parts[1].Holds(knights);
      case Kind::kIff:
        return parts[0].Holds(knights) == parts[1].Holds(knights);
    }
    return false;
  }

  std::string Text(const std::vector<std::string>& names) const {
    if (kind == Kind::kRole) {
      return fmt::format("{} is a {}", names[person], is_knight ? "knight" : "knave");
    }
    const auto part = [&](size_t i) { return parts[i].kind == Kind::kRole ? parts[i].Text(names) : "(" + parts[i].Text(names) + ")"; };
    switch (kind) {
      case Kind::kAnd:
        return part(0) + " and " + part(1);
      case Kind::kOr:
        return part(0) + " or " + part(1);
      case Kind::kImplies:
        return "if " + part(0) + " then " + part(1);
      default:
        return part(0) + " if and only if " + part(1);
    }
  }
};

// What `speaker` says; never that he is a knave, which nobody can say.
Statement DrawStatement(size_t people, size_t speaker, int64_t depth, ItemRandom& random) {
  Statement statement;
  if (depth <= 1 || random.Below(4) == 0) {
    do {
      statement.person = random.Below(people);
    } while (statement.person == speaker);
    statement.is_knight = random.Below(2) == 0;
    return statement;
  }
  constexpr Statement::Kind kKinds[] = {Statement::Kind::kAnd, Statement::Kind::kOr, Statement::Kind::kImplies, Statement::Kind::kIff};
  statement.kind = random.Choice(kKinds);
  statement.parts = {DrawStatement(people, speaker, depth - 1, random), DrawStatement(people, speaker, depth - 1, random)};
  return statement;
}

std::vector<unsigned> Solutions(const std::vector<Statement>& statements) {
  std::vector<unsigned> solutions;
  for (unsigned knights = 0; knights < 1U << statements.size(); ++knights) {
    bool fits = true;
    for (size_t i = 0; i < statements.size() && fits; ++i) {
      fits = statements[i].Holds(knights) == ((knights >> i & 1) != 0);
    }
    if (fits) {
      solutions.push_back(knights);
    }
  }
  return solutions;
}

absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const auto people = static_cast<size_t>(settings.Int("people"));
  for (int attempt = 0; attempt < 100000; ++attempt) {
    std::vector<Statement> statements;
    for (size_t i = 0; i < people; ++i) {
      statements.push_back(DrawStatement(people, i, settings.Int("depth"), random));
    }
    const std::vector<unsigned> solutions = Solutions(statements);
    if (solutions.size() != 1) {
      continue;
    }
    std::vector<std::string> names;
    for (const size_t i : random.Sample(FirstNames().size(), people)) {
      names.emplace_back(FirstNames()[i]);
    }
    std::string said;
    std::vector<std::string> roles;
    Json roles_json = Json::array();
    for (size_t i = 0; i < people; ++i) {
      said += fmt::format("{} says: {}.\n", names[i], statements[i].Text(names));
      const bool is_knight = (solutions[0] >> i & 1) != 0;
      roles.push_back(fmt::format("{} is a {}", names[i], is_knight ? "knight" : "knave"));
      roles_json.push_back(is_knight ? "knight" : "knave");
    }
    Json metadata = BeginMetadata(kName, index);
    metadata["names"] = names;
    metadata["roles"] = std::move(roles_json);
    return CupelItem(
        settings,
        fmt::format("Knights always tell the truth and knaves always lie. Each of these people is one or the other:\n{}Who is what? "
                    "Answer with everybody once, as in \"{} is a knight, {} is a knave\".",
                    said, names[0], names[1]),
        Joined(roles), std::move(metadata));
  }
  return InvalidArgument("knights_knaves: no set of statements with one solution was found; lower people");
}

}  // namespace

const Family kKnightsKnavesFamily = {kName, "who tells the truth and who lies", kSettings, Generate};

}  // namespace cupel
