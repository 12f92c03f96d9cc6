#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cupel {

struct NamedRole {
  std::string name;
  std::string role;  // in lower case
};

// "Ada is a knight, Leo is a knave": clauses separated by commas, sentence dots, line ends or "and", and nothing else.
std::optional<std::vector<NamedRole>> ReadRoles(std::string_view text);

}  // namespace cupel
