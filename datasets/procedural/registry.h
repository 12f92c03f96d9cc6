#pragma once

#include "datasets/procedural/family.h"

namespace cupel {

// The description of every family, defined in its file.
#define CUPEL_FAMILY(name, kFamily) extern const Family kFamily;
#include "datasets/procedural/registry.def"
#undef CUPEL_FAMILY

}  // namespace cupel
