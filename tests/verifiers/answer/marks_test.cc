// The scanners for boxes, tags, #### marks, "answer is" and numerals. Run alone: build/release/tests/verifiers_test "[marks]"

#include "verifiers/answer/marks.h"

#include <string>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

std::string Text(std::string_view text, const std::optional<TextSpan>& span) {
  return span ? std::string(text.substr(static_cast<size_t>(span->begin), static_cast<size_t>(span->end - span->begin))) : "(none)";
}

std::string LastBox(std::string_view text) { return Text(text, ScanBoxes(text).last); }
std::string LastNumeral(std::string_view text) { return Text(text, FindLastNumeral(text)); }
std::string Phrase(std::string_view text) { return Text(text, FindAnswerPhrase(text)); }

TEST_CASE("boxes are counted by kind", "[marks]") {
  const BoxScan scan = ScanBoxes("\\boxed{1} \\fbox{2} \\boxed{} \\boxed{ } \\boxed 3 \\boxed{4");
  CHECK(scan.filled == 2);
  CHECK(scan.blank == 2);
  CHECK(scan.bare == 1);
  CHECK(scan.unclosed == 1);
}

TEST_CASE("the box that begins last counts, also inside another", "[marks]") {
  CHECK(LastBox("\\boxed{1} \\boxed{2}") == "2");
  CHECK(LastBox("\\boxed{1 \\boxed{2} 3}") == "2");
  CHECK(LastBox("\\boxed{1 \\boxed{} 3}") == "1 \\boxed{} 3");
  CHECK(LastBox("\\boxed{1} \\boxed{2") == "1");
  CHECK(LastBox("\\boxed{2") == "(none)");
}

TEST_CASE("braces are balanced and escaped braces are none", "[marks]") {
  CHECK(LastBox("\\boxed{\\frac{1}{2}}") == "\\frac{1}{2}");
  CHECK(LastBox("\\boxed{\\{1\\}}") == "\\{1\\}");
  CHECK(LastBox("\\boxed{1\\}") == "(none)");
  CHECK(LastBox("}}} \\boxed{1} {{{") == "1");
  CHECK(LastBox("\\\\boxed{1}") == "1");
  CHECK(LastBox("\\\\{\\boxed{1}") == "1");
}

TEST_CASE("a command that only begins like boxed is no box", "[marks]") {
  CHECK(LastBox("\\boxedtext{1}") == "(none)");
  CHECK(LastBox("boxed{1}") == "(none)");
  CHECK(LastBox("\\boxed") == "(none)");
}

TEST_CASE("a tag pair is a closing tag with the nearest opening one", "[marks]") {
  const std::string_view text = "<answer>a <answer>b</answer> c</answer> <answer> </answer>";
  const TagScan scan = ScanTag(text, "<answer>", "</answer>");
  CHECK(scan.opening == 3);
  CHECK(scan.closing == 3);
  CHECK_FALSE(scan.ends_open);
  CHECK(Text(text, scan.last) == "b");
}

TEST_CASE("an opening tag at the end stays open", "[marks]") {
  const TagScan scan = ScanTag("<answer>a</answer><answer>b", "<answer>", "</answer>");
  CHECK(scan.ends_open);
  CHECK(scan.last == TextSpan{8, 9});
}

TEST_CASE("four hashes mark the rest of a line, five do not", "[marks]") {
  const std::string_view text = "#### 1\n##### 2\n####3 x\r\n####\n";
  CHECK(Text(text, FindHashMark(text, false)) == "3 x");
  CHECK(FindHashMark("##### 2", false) == std::nullopt);
  CHECK(FindHashMark("#### ", false) == std::nullopt);
}

TEST_CASE("a heading is no mark for numbers", "[marks]") {
  const std::string_view text = "#### -5\n#### Step 2";
  CHECK(Text(text, FindHashMark(text, true)) == "-5");
  CHECK(Text(text, FindHashMark(text, false)) == "Step 2");
}

TEST_CASE("the answer phrase ends with its sentence", "[marks]") {
  CHECK(Phrase("The answer is 3.5. Or so.") == "3.5");
  CHECK(Phrase("The answer is 3; fine") == "3");
  CHECK(Phrase("ANSWER : 3\nthen") == "3");
  CHECK(Phrase("answer is\n\n**3**\n") == "3**");
  CHECK(Phrase("the answer is 1. the answer is 2?") == "2");
  CHECK(Phrase("answer") == "(none)");
  CHECK(Phrase("answers: 3") == "(none)");
  CHECK(Phrase("reanswer: 3") == "(none)");
  CHECK(Phrase("the answer is.") == "(none)");
  CHECK(Phrase("the answer island 3") == "(none)");
}

TEST_CASE("the last numeral is taken whole", "[marks]") {
  CHECK(LastNumeral("from 3 to -1,234.50.") == "-1,234.50");
  CHECK(LastNumeral("1,2,3") == "1,2,3");
  CHECK(LastNumeral("at 12:30,") == "12:30");
  CHECK(LastNumeral("x = -\\frac{1}{2}.") == "-\\frac{1}{2}");
  CHECK(LastNumeral("x = \\frac{1}{y}.") == "1");
  CHECK(LastNumeral("2e-5") == "2e-5");
  CHECK(LastNumeral("1{,}234") == "1{,}234");
  CHECK(LastNumeral("20 \\% of") == "20 \\%");
  CHECK(LastNumeral("10-3") == "3");
  CHECK(LastNumeral("10 -3") == "-3");
  CHECK(LastNumeral("7 cm^2, H2O, x_3, y^{4}") == "7");
  CHECK(LastNumeral("2^8") == "2^8");
  CHECK(LastNumeral("45^{\\circ}") == "45^{\\circ}");
  CHECK(LastNumeral("none") == "(none)");
}

}  // namespace
}  // namespace cupel
