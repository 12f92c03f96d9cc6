#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace cupel {

// Generated problems of the families of datasets/procedural, which take turns. A question is held out for evaluation by its hash alone, so
// that training never asks what evaluation asks, whatever the level, the seed or the stage of a curriculum.
struct ProceduralConfig {
  std::vector<std::string> families = {"countdown"};
  int64_t level = 2;
  std::vector<std::string> set;
  std::string variant = "cupel";
  std::string scoring = "strict";
  std::string template_text = "{question}\n\nThink step by step, then give the final answer between <answer> and </answer>.";
  std::string system;
  int64_t size = 10'000;
  int64_t eval_size = 500;
  double held_out_fraction = 0.2;
  template <class Field>
  void VisitFields(Field&& field) {
    field("families", families, "families of problems that take turns (`cupel tasks list`)");
    field("level", level, "difficulty of variant cupel", Range{1, 5});
    field("set", set,
          "settings on top of the level (`cupel tasks show NAME`): \"max_terms=4\" for all families, \"gcd.max_gcd=9\" for one");
    field("variant", variant, "cupel: asks for witnesses; rg: reasoning-gym's items", OneOf{{"cupel", "rg"}});
    field("scoring", scoring, "strict, or a published partial score as the verdict's credit",
          OneOf{{"strict", "rg_compatible", "tinyzero", "logic_rl", "logic_rl_exact"}});
    field("template", template_text, "the prompt; {question} stands for the question");
    field("system", system, "system message; empty takes the chat template's default");
    field("size", size, "training tasks; each is generated and checked once at the start", Range{1, 1e9});
    field("eval_size", eval_size, "evaluation tasks", Range{1, 1e9});
    field("held_out_fraction", held_out_fraction, "share of all questions that training never asks", Range{0.01, 0.9});
  }
};

}  // namespace cupel
