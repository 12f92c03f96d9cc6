#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

namespace cupel {

// Small projects with a bug to be repaired by a patch (docs/tasks.md). Which bugs are held out is decided by project and place of the bug
// alone, so that training never shows what evaluation asks, whatever the names are.
struct RepairConfig {
  std::vector<std::string> languages = {"python", "cpp"};
  std::vector<std::string> projects;
  std::vector<std::string> bugs;
  std::string hint = "test";
  std::string answer = "search_replace";
  bool rename = true;
  std::string system;
  int64_t size = 5'000;
  int64_t eval_size = 60;
  double held_out_fraction = 0.2;
  template <class Field>
  void VisitFields(Field&& field) {
    field("languages", languages, "languages of the projects: \"python\", \"cpp\"");
    field("projects", projects, "projects by name; empty: all");
    field("bugs", bugs, "kinds of bugs (\"comparison\", \"off_by_one\", \"guard\" ..); empty: all");
    field("hint", hint, "what the question tells of the bug: its file and line, one failing test, or only the names of failing tests",
          OneOf{{"place", "test", "names"}});
    field("answer", answer, "form of the patch that is asked for; both are accepted", OneOf{{"search_replace", "diff"}});
    field("rename", rename, "give functions and variables other names from task to task");
    field("system", system, "system message; empty takes the chat template's default");
    field("size", size, "training tasks", Range{1, 1e9});
    field("eval_size", eval_size, "evaluation tasks", Range{1, 1e9});
    field("held_out_fraction", held_out_fraction, "share of all bugs that training never shows", Range{0.01, 0.9});
  }
};

}  // namespace cupel
