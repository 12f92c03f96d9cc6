#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

namespace cupel {

// A file of records: JSON lines, a JSON array, either of them packed by zstd, or Parquet in builds that have it. `preset` names the data
// set whose published columns are read (datasets/presets.h); every column, mark, template and verifier that is set here replaces the
// preset's.
//
// A column is a member, or a path to one: "reward_model.ground_truth", "final_answer.0". "a|b" is the first that there is, "a+b" both with
// a blank between, "a++b" with an empty line between; "a?" may be missing.
//
// Rows with the same question are always in the same split. Rows that cannot be used (columns missing or of a wrong type, an empty
// question, an id seen before, a gold answer that its verifier cannot read) and training rows that evaluation asks are counted and named by
// file and line; they are errors unless the settings say to leave them out.
struct JsonlConfig {
  std::string path;       // training file
  std::string eval_path;  // evaluation file; empty: held_out_fraction of `path`
  std::string preset = "gsm8k";
  std::string prompt_column;
  std::string answer_column;
  std::string answer_after;
  std::string template_text;
  std::string system;
  std::string verifier;
  std::string verifier_options;  // JSON object: {"percent_is_bare": true}
  std::string id_column;
  std::string verifier_column;
  std::string options_column;
  std::string record_format;
  double held_out_fraction = 0.1;
  int64_t limit = 0;
  std::string on_bad_row = "refuse";
  std::string on_overlap = "refuse";
  std::string duplicates = "keep";
  double similarity = 1;
  int64_t decontaminate_words = 0;
  std::vector<std::string> decontaminate_against;
  template <class Field>
  void VisitFields(Field&& field) {
    field("path", path, "file of training tasks: JSON lines, a JSON array, packed by zstd, Parquet");
    field("eval_path", eval_path, "file of evaluation tasks; empty holds out part of `path`");
    field("preset", preset, "data set whose published columns are read; `cupel data presets` lists them");
    field("prompt_column", prompt_column, "member that holds the question: text, or a list of {role, content}; empty: the preset's");
    field("answer_column", answer_column, "member that holds the gold answer; empty: the preset's");
    field("answer_after", answer_after,
          "the gold answer follows the last such mark, or is what the last \"\\boxed\" holds; empty: the preset's mark if answer_column is "
          "the preset's too, else the whole member");
    field("template", template_text, "the question; {prompt} stands for the member; empty: the preset's");
    field("system", system, "system message; empty takes the chat template's default");
    field("verifier", verifier, "verifier that judges the answers; empty: the preset's");
    field("verifier_options", verifier_options, "JSON object of options for that verifier; empty takes its defaults");
    field("id_column", id_column, "member with the task's id, different in every row; empty: file and line");
    field("verifier_column", verifier_column, "member with the name of the row's verifier, where rows have their own; empty: none");
    field("options_column", options_column, "member with the row's verifier options, an object, on top of verifier_options; empty: none");
    field("record_format", record_format,
          "hand the whole row to the code verifier as a record of this format (humaneval, mbpp, apps, ...); empty: the preset's");
    field("held_out_fraction", held_out_fraction, "share of rows that training never draws, when eval_path is empty", Range{0.0, 0.9});
    field("limit", limit, "use the first so many rows of each file; 0: all", Range{0, 1e12});
    field("on_bad_row", on_bad_row, "rows that cannot be used are an error that names them, or are left out and counted",
          OneOf{{"refuse", "skip"}});
    field("on_overlap", on_overlap, "the same for training rows that ask what evaluation asks", OneOf{{"refuse", "skip"}});
    field("duplicates", duplicates, "rows whose question came before in the file", OneOf{{"keep", "refuse", "skip"}});
    field("similarity", similarity,
          "questions are duplicates, and overlap, from this share of common runs of three words; 1: only the same text", Range{0.5, 1});
    field("decontaminate_words", decontaminate_words,
          "a training row overlaps with evaluation from so many words in a row that both ask; 0: only the same question", Range{0, 1000});
    field("decontaminate_against", decontaminate_against,
          "more files that training must not overlap with: \"FILE\" in the columns of this source, or \"PRESET:FILE\"");
  }
};

}  // namespace cupel
