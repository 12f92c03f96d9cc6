#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "base/config.h"
#include "base/json.h"

namespace cupel {

// A student made of some layers of a model, which it starts from: layers first, first + every, ... keep their weights, the others are left
// out; embedding, head and final norm stay.
struct ShrinkSettings {
  std::string model;
  int64_t every = 2;
  int64_t first = 0;
  template <class Field>
  void VisitFields(Field&& field) {
    field("model", model, "the model to take layers of: a .gguf file or a Hugging Face directory");
    field("every", every, "every so manieth layer is kept", Range{1, 1000});
    field("first", first, "the first layer that is kept, from 0", Range{0, 1000});
  }
};
struct ShrinkRecipe {
  ShrinkSettings shrink;
  template <class Field>
  void VisitFields(Field&& field) {
    field("shrink", shrink, "which layers a student starts from");
  }
};

// Writes the student as a Hugging Face directory (fp32), whole or not at all. {"layers", "of_layers", "parameters"}.
absl::StatusOr<Json> ShrinkModel(const ShrinkSettings& settings, const std::string& directory);

}  // namespace cupel
