#pragma once

#include <algorithm>
#include <string_view>

namespace cupel::math {

// Whether one of the words of `list` is `item`.
template <class List>
bool Has(const List& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

}  // namespace cupel::math
