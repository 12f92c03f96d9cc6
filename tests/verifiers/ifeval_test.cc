// The 25 checks of IFEval beside the published checker on generated responses, strict and loose. Run alone:
// build/release/tests/verifiers_test "[ifeval]"

#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/json.h"
#include "verifiers/instructions/checks.h"
#include "verifiers/text/language.h"
#include "verifiers/text/sentences.h"

namespace cupel {
namespace {

const Instruction& Named(const std::string& id) {
  const auto found = std::ranges::find(Instructions(), std::string_view(id), &Instruction::id);
  REQUIRE(found != Instructions().end());
  return *found;
}

InstructionArguments ArgumentsOf(const Instruction& instruction, const Json& kwargs) {
  InstructionArguments arguments;
  const auto text = [&](std::string_view key) { return kwargs.at(std::string(key)).get<std::string>(); };
  const auto number = [&](std::string_view key) { return kwargs.at(std::string(key)).get<int64_t>(); };
  arguments.number = instruction.number_key.empty() ? -1 : number(instruction.number_key);
  arguments.nth_paragraph = kwargs.value("nth_paragraph", int64_t{-1});
  arguments.relation = instruction.relation_key.empty() ? "at least" : text(instruction.relation_key);
  arguments.text = instruction.text_key.empty() ? "" : text(instruction.text_key);
  if (!instruction.words_key.empty()) {
    arguments.words = kwargs.at(std::string(instruction.words_key)).get<std::vector<std::string>>();
  }
  return arguments;
}

bool Has(const Json& list, const std::string& id) { return std::ranges::find(list, Json(id)) != list.end(); }

struct Tally {
  int same = 0;
  int undecided = 0;
  int different = 0;
  std::string example = {};
  void Add(Followed ours, bool theirs, const std::string& where) {
    if (ours == Followed::kUndecided) {
      ++undecided;
    } else if ((ours == Followed::kYes) == theirs) {
      ++same;
    } else {
      ++different;
      example += example.size() < 2000 ? where + (theirs ? " (they: followed)\n" : " (they: not followed)\n") : "";
    }
  }
};

// What may be undecided: the language of a text, which the published checker guesses even for a bare number.
bool MayBeUndecided(std::string_view id) { return id.starts_with("language:") || id.starts_with("change_case:english"); }

// Where a sentence ends after "..." or an abbreviation Punkt decides by statistics of its training text, we by capital letters.
int AllowedDifferences(std::string_view id, const Tally& tally) {
  return id == "length_constraints:number_sentences" ? tally.same / 40 : 0;
}

TEST_CASE("the 25 checks agree with the published checker", "[ifeval]") {
  LineReader reader = LineReader::Open(CUPEL_SOURCE_DIR "/tests/golden/ifeval/responses.jsonl").value();
  std::map<std::string, Tally> tallies;
  int responses = 0;
  while (const auto line = reader.Next().value()) {
    const Json row = ParseJson(*line, "responses.jsonl").value();
    const auto text = row["text"].get<std::string>();
    ++responses;
    for (const auto& [id, kwargs] : row["kwargs"].items()) {
      const Instruction& instruction = Named(id);
      const InstructionArguments arguments = ArgumentsOf(instruction, kwargs);
      const std::string where = std::to_string(reader.line_number()) + ": " + kwargs.dump() + " " + text.substr(0, 300);
      tallies[id].Add(FollowsStrictly(instruction, arguments, text), Has(row["strict"], id), where);
      tallies[id].Add(FollowsLoosely(instruction, arguments, text), Has(row["loose"], id), where + " (loose)");
    }
  }
  CHECK(responses >= 1000);
  CHECK(tallies.size() == 25);
  for (const auto& [id, tally] : tallies) {
    INFO(id << ": " << tally.same << " the same, " << tally.undecided << " undecided, " << tally.different << " different\n"
            << tally.example);
    CHECK(tally.same >= 150);
    CHECK(tally.different <= AllowedDifferences(id, tally));
    CHECK((tally.undecided == 0 || MayBeUndecided(id)));
  }
}

TEST_CASE("sentences end where a reader would end them", "[ifeval]") {
  CHECK(CountSentences("") == 0);
  CHECK(CountSentences("no mark at all") == 1);
  CHECK(CountSentences("One. Two! Three? Four") == 4);
  CHECK(CountSentences("Dr. Smith met Mr. J. Jones at 3.14 p.m. yesterday.") == 1);
  CHECK(CountSentences("He said \"Stop.\" Then he left.") == 2);
  CHECK(CountSentences("Wait... what?") == 1);
}

TEST_CASE("languages are told by script, letters and small words, or not at all", "[ifeval]") {
  CHECK(DetectLanguage("the cat is on the mat and it is not yours") == "en");
  CHECK(DetectLanguage("der Hund ist nicht mit dem Kind auf der Wiese") == "de");
  CHECK(DetectLanguage("\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD1\x96\xD1\x82") == "uk");
  CHECK(DetectLanguage("\xE3\x81\x93\xE3\x82\x93\xE3\x81\xAB\xE3\x81\xA1\xE3\x81\xAF") == "ja");
  CHECK(DetectLanguage("12 + 30").empty());
  CHECK(DetectLanguage("lorem ipsum dolor").empty());
}

}  // namespace
}  // namespace cupel
