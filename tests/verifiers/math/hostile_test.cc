// Covers answers that a model under pressure, or an enemy, might write: towers, deep nesting, endless lists, any bytes. Each ends within
// the budget, with the same verdict twice, on a stack of 256 KiB. Alone: build/release/tests/verifiers_test "[math-hostile]"

#include <algorithm>
#include <ctime>
#include <functional>
#include <iterator>
#include <pthread.h>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "verifiers/math/c_api.h"
#include "verifiers/math/verify.h"

namespace cupel::math {
namespace {

std::string Repeat(std::string_view part, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += part;
  }
  return text;
}

std::string Nested(std::string_view open, std::string_view core, std::string_view close, size_t depth) {
  return Repeat(open, depth) + std::string(core) + Repeat(close, depth);
}

std::string Joined(size_t count, std::string_view separator, const std::function<std::string(size_t)>& item) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += (i > 0 ? std::string(separator) : "") + item(i);
  }
  return text;
}

// Numbers that a ball holds in a few bytes and no integer in any memory, in every place where an integer or a fraction is wanted.
std::vector<std::string> Towers() {
  std::vector<std::string> answers;
  const std::vector<std::string> templates = {"T",
                                              "-T",
                                              "1/T",
                                              "T+1",
                                              "T-T",
                                              "T\\%",
                                              "T^\\circ",
                                              "T m",
                                              "T!",
                                              "|T|",
                                              "\\sqrt{T}",
                                              "\\sqrt[3]{T}",
                                              "T^{1/3}",
                                              "\\sin(T)",
                                              "\\sin(T^\\circ)",
                                              "\\ln T",
                                              "\\log_2 T",
                                              "\\log_T 2",
                                              "\\lfloor T\\rfloor",
                                              "\\lceil T\\rceil",
                                              "T \\bmod 7",
                                              "7 \\bmod T",
                                              "5 \\equiv T \\pmod 7",
                                              "\\gcd(T,4)",
                                              "\\text{lcm}(4,T)",
                                              "\\max(T,4)",
                                              "\\binom{T}{2}",
                                              "\\binom{4}{T}",
                                              "P(T,2)",
                                              "\\sum_{k=1}^{T}k",
                                              "\\sum_{k=T}^{\\infty}2^{-k}",
                                              "\\prod_{k=1}^{T}k",
                                              "\\int_0^{T}x dx",
                                              "\\int_0^1 T x dx",
                                              "\\lim_{x\\to T}x",
                                              "\\Gamma(T)",
                                              "\\zeta(T)",
                                              "x+T",
                                              "T x",
                                              "x^{T}",
                                              "T<x",
                                              "x=T",
                                              "(T,1)",
                                              "[0,T)",
                                              "\\{1,T\\}",
                                              "T:1",
                                              "2\\pi k+T, k\\in\\mathbb{Z}",
                                              "T k, k\\in\\mathbb{Z}",
                                              "x \\equiv 1 \\pmod{T}",
                                              "T_2",
                                              "T i",
                                              "1\\pm T",
                                              "\\begin{pmatrix}T&1\\\\1&T\\end{pmatrix}",
                                              "\\det\\begin{pmatrix}T&1\\\\1&T\\end{pmatrix}",
                                              "1+2+\\cdots+T"};
  for (const std::string tower : {"2^{10^{13}}", "2^{-10^{13}}", "10^{10^{12}}", "e^{e^{30}}", "e^{-e^{30}}", "(1+2^{10^{13}})"}) {
    for (std::string text : templates) {
      for (size_t at = text.find('T'); at != std::string::npos; at = text.find('T', at + tower.size())) {
        text.replace(at, 1, tower);
      }
      answers.push_back(std::move(text));
    }
  }
  return answers;
}

// The inputs on which graders hang, overflow or fill memory, and more of their kind.
std::vector<std::string> HostileAnswers() {
  const auto digits = [](size_t i) { return std::to_string(i); };
  std::vector<std::string> answers = {
      R"(\dfrac{5^{(5^{(5^{(5^5)})}-4)}-5}{16})",
      "9^{9^{9^9}}",
      "2^{2^{2^{2^{2^2}}}}",
      "9^{-9^{9^9}}",
      "2^{4^{8^{16}}}",
      R"(\log_2(\log_4(\log_8(\log_{16}(\log_{32}(2^{4^{4^{16}}})))))",
      "100000000!",
      "((10!)!)!",
      R"(\binom{1000000000}{500000000})",
      R"(\binom{1000000}{500000})",
      R"(\sum_{k=1}^{1000000000}\frac1k)",
      R"(\sum_{k=1}^{100000}\sin(k^2))",
      R"(\prod_{k=1}^{1000000}k)",
      R"(\int_0^1 x^x dx)",
      R"(\sin(10^{10^{10}}))",
      R"(\tan(10^{100000}))",
      R"((\sqrt2+\sqrt3+\sqrt5+\sqrt7+\sqrt{11}+\sqrt{13})^{20})",
      "e^{e^{e^{e^{79}}}}",
      R"(\Gamma(10^9))",
      R"(7^{7^{7^7}} \mod 10)",
      R"(\lfloor\pi^{10^7}\rfloor)",
      "1.5^{10^{12}}",
      "(7/3)^{10^9}",
      "1/0",
      "0^0",
      "10^{400}",
      "(1+x)^{1000000}",
      "(x+y+z)^{500}",
      R"(\sum_{k=1}^{2000}\sum_{j=1}^{2000}\frac{1}{k+j})",
      R"(\int_0^\infty e^{-x^2}\sin(x^3)\cos(x^5)dx)",
      R"(\int_0^1\int_0^1\int_0^1 e^{xyz}dxdydz)",
      R"(\int_0^{1000000000}\sin(x^2)dx)",
      R"(\int_0^1\frac1x dx)",
      R"(\int_0^1\sin\frac1x dx)",
      R"(\int_{-\infty}^{\infty}\frac{x^2e^{-x^2/1000}}{1+x^{12}}dx)",
      R"(\int_0^\infty\frac{dx}{(x^4+1)^4})",
      R"(\int_1^\infty\frac{\sin x}{x}dx)",
      R"(\int_0^\infty x^{16}e^{-x/1000}dx)",
      R"(\sum_{k=1}^\infty\frac{\sin k}{k})",
      R"(\sum_{k=1}^\infty\frac{1}{k^{1000}})",
      R"(\sum_{k=1}^\infty\frac{1}{k^{12}+k+1})",
      R"(\sum_{k=1}^\infty\frac{1}{(k^2+1)^6})",
      R"(\sum_{k=0}^\infty 0.999999^k)",
      R"(\sum_{k=0}^\infty\frac{(4k)!}{(k!)^4 1000^k})",
      R"(\sum_{k=1}^\infty\frac{(-1)^k}{\sqrt k})",
      R"(\sum_{n=1}^\infty\sum_{m=1}^\infty\frac{1}{n^2m^2})",
      R"(\sum_{n=1}^\infty\frac{x^n}{n!}y^n)",
      R"(\sum_{k=1000000000}^\infty\frac{1}{k^2})",
      R"(\lim_{x\to0}\frac{\sin\tan x-\tan\sin x}{x^7})",
      R"(\lim_{x\to0}\frac{\sin(x)^{12}-\tan(x)^{12}}{x^{14}})",
      R"(\lim_{n\to\infty}\frac{n!}{n^n})",
      R"(\lim_{x\to\infty}x^{x^{x^x}})",
      R"(\lim_{x\to0}(1+x)^{1/x^9})",
      R"(\zeta(10^{9}))",
      R"(\zeta(\frac12+10^{12}i))",
      R"(\zeta(1.5))",
      R"(\Gamma(10^{1000}))",
      R"(\Gamma(\pi^{50}))",
      R"(\begin{pmatrix}1&1\\1&0\end{pmatrix}^{1000000000})",
      Nested("\\lim_{x\\to0}(", "x", ")", 60),
      Nested("\\int_0^1(", "x", ")dx", 40),
      Nested("\\sum_{k=1}^{\\infty}(", "2^{-k}", ")", 30),
      R"(\lim_{x\to0})" + Nested("\\sin(", "x", ")", 60) + "/x",
      "\\det\\begin{pmatrix}" +
          Joined(12, "\\\\", [&](size_t i) { return Joined(12, "&", [&](size_t j) { return "a_{" + digits(12 * i + j) + "}"; }); }) +
          "\\end{pmatrix}",
      Joined(8, "", [](size_t) { return R"(\begin{pmatrix}x&y\\z&1\end{pmatrix})"; }),
      Nested("\\frac{1}{1+", "1", "}", 200),
      Nested("(", "1", ")", 300),
      Nested("\\left(", "1", "\\right)", 300),
      Nested("{", "1", "}", 5000),
      Nested("|", "x", "|", 20),
      Nested("x^{", "x", "}", 40),
      Nested("\\sqrt{", "2", "}", 3000),
      Nested("\\sin(", "1", ")", 90),
      Nested("(1,2,", "1", ")", 300),
      Nested("-", "1", "", 100'000),
      Nested("(", "", "", 1'000'000),
      Nested("", "", ")", 1'000'000),
      Nested("{", "", "", 1'000'000),
      "0." + std::string(100'000, '3'),
      Repeat("1,", 10'000),
      "\\{" + Joined(2000, ",", digits) + "\\}",
      Joined(500, "\\cup", [&](size_t i) { return "(" + digits(2 * i) + "," + digits(2 * i + 1) + ")"; }),
      Joined(2000, "+", [&](size_t i) { return "x^{" + digits(i) + "}"; }),
      Joined(600, " and ", [&](size_t i) { return "x=" + digits(i); }),
      "\\begin{pmatrix}" + Joined(1600, "&", [&](size_t i) { return "a_{" + digits(i) + "}"; }) + "\\end{pmatrix}",
      std::string(1'000'000, ' '),
      std::string(100'000, '7'),
      std::string(100'000, 'a'),
      std::string(50'000, '\\'),
      std::string("\0"
                  "5\0",
                  3),
      "5\r6\r7",
      Repeat("$1$", 20'000),
      Repeat("\\boxed{", 10'000),
      Repeat("\\text{a}", 3000),
      Repeat("\\%", 10'000),
      Repeat("\\pm1", 500),
      Repeat("1/", 5000) + "1",
      Repeat("1<", 3000) + "2",
      Repeat("\xE2\x80\xAE", 1000),
      Repeat("\xFF", 1000),
      Repeat("\xEF\xBC\x94", 1000),
      "5" + std::string(50, '!'),
  };
  for (uint32_t i = 0; i < 20; ++i) {
    RandomStream random(2, RandomPurpose::kTaskContent, i);
    std::string bytes(2000, '\0');
    const std::string_view alphabet = "\\{}()[]^_$,;:|=<>+-*/!%.0123456789abxyn fractsqpile\xE2\x88\x92";
    for (char& c : bytes) {
      c = i % 2 == 0 ? static_cast<char>(random.Below(256)) : alphabet[random.Below(alphabet.size())];
    }
    answers.push_back(std::move(bytes));
  }
  return answers;
}

std::vector<std::string> AllAnswers() {
  std::vector<std::string> answers = HostileAnswers();
  std::ranges::move(Towers(), std::back_inserter(answers));
  return answers;
}

void JudgeAll(const std::vector<std::string>& answers, const std::vector<std::string>& golds) {
  const Limits limits;
  for (const std::string& answer : answers) {
    const std::string shown = answer.substr(0, 40);
    CAPTURE(shown);
    for (const std::string& gold : golds) {
      for (const auto& [g, p] : {std::pair{&gold, &answer}, std::pair{&answer, &gold}}) {
        const Result first = CompareAnswers(*g, *p, {});
        const Result second = CompareAnswers(*g, *p, {});
        CHECK(first.decision == second.decision);
        CHECK(first.reason == second.reason);
        CHECK(first.cost == second.cost);
        CHECK(first.cost <= 2 * limits.steps);
        CHECK(first.decision != Decision::kError);
      }
    }
  }
}

TEST_CASE("hostile answers end within the budget, with the same verdict twice", "[math-hostile]") {
  JudgeAll(HostileAnswers(), {"5", "x^2+1", "\\frac{1}{3}", "(1,2)", "x>2", "2\\pi k, k \\in \\mathbb{Z}", "\\{1,2\\}", "\\sqrt{2}"});
  JudgeAll(Towers(), {"5", "0.25", "2 \\text{ cm}"});
}

// "\frac12" takes the 1 only; of a number that is no row of digits nothing can be taken: what was left of ".3(3)" had no value.
TEST_CASE("a command that takes one character takes no part of a number", "[math-hostile]") {
  const std::vector<std::string> numbers = {
      ".333...",   "0.(3)",   "0.\\overline{3}", ".1\\overline{6}", "1.5", "12", "1/2",  "\u00BD", "3\u00BD", "2e5",    "1e-5",
      "1,234",     "1{,}234", "1 234",           "\u0663",          ".5",  "5.", "0x1F", "12_{3}", "1:30",    "\u2460", "1'",
      "0.3333...", "(3)",     ".3(3)",           ".12(34)"};
  std::vector<std::string> answers;
  for (const std::string& number : numbers) {
    for (const char* form : {"\\frac N N",
                             "\\fracN N",
                             "3\\fracN",
                             "\\frac1 N",
                             "\\frac N2",
                             "\\fracN",
                             "\\binom N N",
                             "\\binom1 N",
                             "\\sqrt N",
                             "\\sqrt[N]N",
                             "2^N",
                             "a_N",
                             "x^N y",
                             "\\log_N N",
                             "\\overline N",
                             "\\bar N",
                             "{N \\over N}",
                             "{N \\choose N}",
                             "N choose N",
                             "N^\\circ N' N''",
                             "\\text{N}",
                             "N in base N",
                             "[N;N,N]",
                             "N{:}N",
                             "\\int_N^N N dx",
                             "\\mathbf N \\times \\mathbf N"}) {
      std::string answer;
      for (const char* c = form; *c != '\0'; ++c) {
        answer += *c == 'N' ? number : std::string(1, *c);
      }
      answers.push_back(std::move(answer));
    }
  }
  JudgeAll(answers, {"3"});
}

// A limit can be reached at any place: in the first reading of an answer, at the first token of the second, in the middle of a comparison.
TEST_CASE("limits of every size end in a verdict, wherever they are reached", "[math-hostile]") {
  const std::vector<std::string> answers = {"1,234 \u00A2",
                                            "2,74 \u00A2 or 3,5",
                                            "\u00A2 1,000",
                                            "\u2603 1,234",
                                            "\xD0 1,234",
                                            "\u2460\u2461 2,5",
                                            "\u00BD, x\u00B2 \u2264 3,5",
                                            "a\u2081 = 1,000",
                                            "x^2+3x-4=0",
                                            "(1,2] \\cup [3, 1,500)",
                                            "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
                                            "5 \\text{ cm}",
                                            "x = 2\\pi k, k \\in \\mathbb{Z}",
                                            "\\sum_{k=1}^{9} k^2",
                                            "\\int_0^1 x \\, dx",
                                            "1+2+\\cdots+100",
                                            "3 hours 20 minutes",
                                            "at least 5",
                                            "\\sqrt{2} + \\frac{1}{3}",
                                            "x \\equiv 3 \\bmod 7",
                                            "(3k, 2k+1), k \\in \\mathbb{Z}",
                                            "|x-70|",
                                            "A^{-1}B",
                                            "f(n) = 2n, n \\in \\mathbb{N}",
                                            "p or q"};
  const auto judge = [&](const auto& limit, int64_t most) {
    for (const std::string& answer : answers) {
      for (int64_t value = 0; value <= most; ++value) {
        CAPTURE(answer, value);
        Request request;
        limit(request.limits, value);
        CHECK(CompareAnswers("1,234", answer, request).decision != Decision::kError);
        CHECK(CompareAnswers(answer, answer, request).decision != Decision::kError);
      }
    }
  };
  judge([](Limits& limits, int64_t value) { limits.steps = value; }, 150);
  judge([](Limits& limits, int64_t value) { limits.max_tokens = static_cast<int>(value); }, 30);
  judge([](Limits& limits, int64_t value) { limits.max_nodes = static_cast<int>(value); }, 60);
  judge([](Limits& limits, int64_t value) { limits.max_depth = static_cast<int>(value); }, 8);
  judge([](Limits& limits, int64_t value) { limits.max_bits = value; }, 40);
  judge([](Limits& limits, int64_t value) { limits.max_bytes = value; }, 20);
}

// By hand, on a quiet machine: each within 50 ms of the processor, all of them within 64 MiB.
TEST_CASE("hostile answers take little time and memory", "[.hostile-cost]") {
  double slowest = 0;
  for (const std::string& answer : AllAnswers()) {
    const std::string shown = answer.substr(0, 60);
    CAPTURE(shown);
    for (const std::string& gold : {std::string("5"), std::string("x^2+1")}) {
      timespec begin{};
      timespec end{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
      CompareAnswers(gold, answer, {});
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
      const double ms = 1e3 * static_cast<double>(end.tv_sec - begin.tv_sec) + 1e-6 * static_cast<double>(end.tv_nsec - begin.tv_nsec);
      CHECK(ms < 50);
      slowest = std::max(slowest, ms);
    }
  }
  rusage usage{};
  REQUIRE(getrusage(RUSAGE_SELF, &usage) == 0);
  CHECK(usage.ru_maxrss < 64 << 10);
  WARN("slowest " << slowest << " ms, largest resident set " << usage.ru_maxrss << " KiB");
}

TEST_CASE("a stack of 256 KiB is enough", "[math-hostile]") {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr size_t kStack = 2048 << 10;  // instrumented frames are several times as large
#else
  constexpr size_t kStack = 256 << 10;
#endif
  REQUIRE(pthread_attr_setstacksize(&attributes, kStack) == 0);
  pthread_t thread{};
  const auto run = [](void*) -> void* {
    for (const std::string& answer : AllAnswers()) {
      CompareAnswers("x^2+1", answer, {});
      CompareAnswers(answer, "5", {});
    }
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, nullptr) == 0);
  CHECK(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

TEST_CASE("the C interface reports verdict, score, span and errors", "[math-hostile]") {
  cupel_math_verdict verdict;
  const std::string completion = "So \\boxed{0.75}.";
  CHECK(cupel_math_verify("3/4", 3, completion.data(), completion.size(), nullptr, &verdict) == CUPEL_MATH_CORRECT);
  CHECK(verdict.score == 1);
  CHECK(completion.substr(static_cast<size_t>(verdict.span_begin), static_cast<size_t>(verdict.span_end - verdict.span_begin)) == "0.75");
  CHECK(std::string(verdict.rule) == "rational");
  CHECK(cupel_math_compare("5", 1, "6", 1, nullptr, &verdict) == CUPEL_MATH_INCORRECT);
  CHECK(verdict.score == 0);
  CHECK(cupel_math_compare("28", 2, "28%", 3, "{\"percent_is_bare\": true}", nullptr) == CUPEL_MATH_CORRECT);
  CHECK(cupel_math_compare("5", 1, "5", 1, "{\"nonsense\": 1}", &verdict) == CUPEL_MATH_ERROR);
  CHECK(verdict.score == -1);
  CHECK(cupel_math_verify("5", 1, "I give up", 9, nullptr, &verdict) == CUPEL_MATH_NO_ANSWER);
  CHECK(verdict.score == 0);
}

}  // namespace
}  // namespace cupel::math
