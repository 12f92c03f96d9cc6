#pragma once

// Catch2 for tests that use LibTorch. Both define CHECK; LibTorch's Logging.h comes first, so that including it again later does nothing,
// and then gives the name up to Catch2. Include this header before any other.

#include <c10/util/Logging.h>

#undef CHECK
#undef DCHECK

#include <catch2/catch.hpp>
