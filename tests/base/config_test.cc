// Covers base/config.h. Alone: build/release/tests/base_test "[config]"

#include "base/config.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace cupel {
namespace {

using Catch::Matchers::Contains;

struct ScheduleConfig {
  std::string kind = "constant";
  int64_t warmup_steps = 0;

  template <class Field>
  void VisitFields(Field&& field) {
    field("kind", kind, "how the step size changes", OneOf{{"constant", "linear", "cosine"}});
    field("warmup_steps", warmup_steps, "steps of linear increase", Range{0, 1e6});
  }
  bool operator==(const ScheduleConfig&) const = default;
};

struct OptimizerConfig {
  double learning_rate = 1e-5;
  std::vector<double> betas = {0.9, 0.95};
  bool decay_norms = false;
  ScheduleConfig schedule;

  template <class Field>
  void VisitFields(Field&& field) {
    field("learning_rate", learning_rate, "AdamW step size", Range{0.0, 1.0});
    field("betas", betas, "decay of the moments", Range{0.0, 1.0});
    field("decay_norms", decay_norms, "decay the weights of norms too");
    field("schedule", schedule, "settings of the schedule");
  }
  bool operator==(const OptimizerConfig&) const = default;
};

struct RewardConfig {
  std::string name = "correct";
  double weight = 1.0;
  std::vector<ScheduleConfig> phases;

  template <class Field>
  void VisitFields(Field&& field) {
    field("name", name, "which reward");
    field("weight", weight, "its factor in the sum", Range{-10.0, 10.0});
    field("phases", phases, "when it counts");
  }
  bool operator==(const RewardConfig&) const = default;
};

struct RecipeConfig {
  int64_t steps = 40;
  std::string model = "tiny";
  std::vector<std::string> stop;
  std::vector<int64_t> sizes = {1, 2};
  double clip = 0.2;
  double temperature = 1.0;
  OptimizerConfig optimizer;
  std::vector<RewardConfig> rewards = {RewardConfig{}};

  template <class Field>
  void VisitFields(Field&& field) {
    field("steps", steps, "training steps", Range{1, 1e9});
    field("model", model, "model file, or tiny");
    field("stop", stop, "texts that end an answer");
    field("sizes", sizes, "operand sizes");
    field("clip", clip, "ratio bound");
    field("temperature", temperature, "sampling temperature", Range{0.0, HUGE_VAL});
    field("optimizer", optimizer, "settings of AdamW");
    field("rewards", rewards, "rewards and their weights");
  }
  bool operator==(const RecipeConfig&) const = default;
};

std::string TomlError(std::string_view toml) {
  RecipeConfig config;
  const absl::Status status = ApplyToml(toml, "r.toml", config);
  CHECK(config == RecipeConfig{});  // a failure changes nothing
  return std::string(Message(status));
}

std::string SetError(std::string_view assignment) {
  RecipeConfig config;
  const absl::Status status = ApplyOverride(assignment, config);
  CHECK(config == RecipeConfig{});
  return std::string(Message(status));
}

RecipeConfig After(std::string_view toml) {
  RecipeConfig config;
  const absl::Status status = ApplyToml(toml, "r.toml", config);
  INFO(Message(status));
  REQUIRE(status.ok());
  return config;
}

RecipeConfig AfterSet(std::string_view assignment) {
  RecipeConfig config;
  const absl::Status status = ApplyOverride(assignment, config);
  INFO(Message(status));
  REQUIRE(status.ok());
  return config;
}

RecipeConfig Unusual() {
  RecipeConfig config;
  config.steps = 999'999'999;
  config.model =
      std::string("quote \" backslash \\ tab \t newline \n nul delete \x7f bell \a \xC3\xA9 \xF0\x9F\x98\x80 # = [x]") + '\0' + "end";
  config.stop = {"", "\n\n", "</answer>", "\r"};
  config.sizes = {std::numeric_limits<int64_t>::min(), 0, std::numeric_limits<int64_t>::max()};
  config.clip = -std::numeric_limits<double>::infinity();
  config.temperature = std::numeric_limits<double>::infinity();
  config.optimizer.learning_rate = 0.1 + 0.2;
  config.optimizer.betas = {5e-324, 1.0 / 3, 1.0, 0.0};
  config.optimizer.decay_norms = true;
  config.optimizer.schedule = {"cosine", 17};
  config.rewards = {RewardConfig{"a", -0.0, {ScheduleConfig{"linear", 1}, ScheduleConfig{}}}, RewardConfig{"b", 1e-300, {}}};
  return config;
}

TEST_CASE("a recipe overwrites what it names and nothing else", "[config]") {
  const RecipeConfig config = After(R"(
# a comment
steps = 7
clip = 1                     # integers are numbers too
stop = ["a", 'b']

[optimizer]
learning_rate = 1e-3
betas = [0, 0.5]
schedule.kind = "linear"
)");
  RecipeConfig expected;
  expected.steps = 7;
  expected.clip = 1.0;
  expected.stop = {"a", "b"};
  expected.optimizer.schedule.kind = "linear";
  expected.optimizer.learning_rate = 1e-3;
  expected.optimizer.betas = {0.0, 0.5};
  CHECK(config == expected);
  CHECK(After("") == RecipeConfig{});
}

TEST_CASE("an array of tables replaces the default list", "[config]") {
  const RecipeConfig config = After(R"(
[[rewards]]
name = "format"
weight = 0.5
[[rewards.phases]]
kind = "cosine"
[[rewards]]
)");
  CHECK(config.rewards == std::vector<RewardConfig>{{"format", 0.5, {{"cosine", 0}}}, {}});
  CHECK(After("rewards = []").rewards.empty());
  CHECK(After("rewards = [{name = \"x\"}]").rewards == std::vector<RewardConfig>{{"x", 1.0, {}}});
}

TEST_CASE("an unknown key names file and line and suggests the nearest", "[config]") {
  CHECK(TomlError("steps = 3\nmodle = \"x\"\n") == "r.toml:2: unknown key modle; did you mean model?");
  CHECK(TomlError("[optimizer]\n\nlerning_rate = 1\n") ==
        "r.toml:3: unknown key optimizer.lerning_rate; did you mean optimizer.learning_rate?");
  CHECK(TomlError("[[rewards]]\nwieght = 1\n") == "r.toml:2: unknown key rewards.0.wieght; did you mean rewards.0.weight?");
  CHECK(TomlError("[optimiser]\nlearning_rate = 1\n") == "r.toml:1: unknown key optimiser; did you mean optimizer?");
}

TEST_CASE("a known key in the wrong section is pointed to its place", "[config]") {
  CHECK(TomlError("warmup_steps = 3") == "r.toml:1: unknown key warmup_steps; did you mean optimizer.schedule.warmup_steps?");
}

TEST_CASE("an unknown key like no other lists the known ones", "[config]") {
  CHECK(TomlError("[optimizer.schedule]\nzzzzzzzz = 3") ==
        "r.toml:2: unknown key optimizer.schedule.zzzzzzzz; optimizer.schedule has kind, warmup_steps");
}

TEST_CASE("a duplicate key is an error with its line", "[config]") {
  CHECK_THAT(TomlError("steps = 3\nclip = 1\nsteps = 4\n"), Contains("r.toml:3:") && Contains("steps"));
  CHECK_THAT(TomlError("[optimizer]\nlearning_rate = 0.1\n[optimizer]\n"), Contains("r.toml:3:") && Contains("optimizer"));
  CHECK_THAT(TomlError("optimizer.learning_rate = 0.1\n[optimizer]\nlearning_rate = 0.1\n"), Contains("r.toml:"));
}

TEST_CASE("the wrong type names file, line, key, what was found and what is allowed", "[config]") {
  CHECK(TomlError("\nsteps = \"ten\"") == "r.toml:2: steps must be an integer, but is the text \"ten\"");
  CHECK(TomlError("steps = 3.0") == "r.toml:1: steps must be an integer, but is 3.0");
  CHECK(TomlError("steps = true") == "r.toml:1: steps must be an integer, but is true");
  CHECK(TomlError("clip = \"a\"") == "r.toml:1: clip must be a number, but is the text \"a\"");
  CHECK(TomlError("clip = nan") == "r.toml:1: clip must be a number, but is nan");
  CHECK(TomlError("model = 3") == "r.toml:1: model must be a text in quotes, but is 3");
  CHECK(TomlError("model = 2020-01-01") == "r.toml:1: model must be a text in quotes, but is a date or time");
  CHECK(TomlError("optimizer.decay_norms = 1") == "r.toml:1: optimizer.decay_norms must be true or false, but is 1");
  CHECK(TomlError("stop = \"a\"") == "r.toml:1: stop must be a list in brackets, but is the text \"a\"");
  CHECK(TomlError("stop = [\"a\",\n 3]") == "r.toml:2: stop[1] must be a text in quotes, but is 3");
  CHECK(TomlError("optimizer = 3") == "r.toml:1: optimizer must be a section, but is 3");
  CHECK(TomlError("[steps]") == "r.toml:1: steps must be an integer, but is a section");
  CHECK(TomlError("rewards = 3") == "r.toml:1: rewards must be a list of sections ([[rewards]]), but is 3");
  CHECK(TomlError("[rewards]\nname = \"x\"") == "r.toml:1: rewards must be a list of sections ([[rewards]]), but is a section");
  CHECK(TomlError("rewards = [1]") == "r.toml:1: rewards.0 must be a section, but is 1");
}

TEST_CASE("ranges hold for numbers and for each number of a list", "[config]") {
  CHECK(TomlError("[optimizer]\nlearning_rate = 2") == "r.toml:2: optimizer.learning_rate must be between 0 and 1, but is 2");
  CHECK(TomlError("[optimizer]\nlearning_rate = -1e-9") == "r.toml:2: optimizer.learning_rate must be between 0 and 1, but is -1e-09");
  CHECK(TomlError("steps = 0") == "r.toml:1: steps must be between 1 and 1000000000, but is 0");
  CHECK(TomlError("temperature = -0.5") == "r.toml:1: temperature must be at least 0, but is -0.5");
  CHECK(TomlError("optimizer.betas = [0.5, 1.5]") == "r.toml:1: optimizer.betas[1] must be between 0 and 1, but is 1.5");
  CHECK(After("[optimizer]\nlearning_rate = 1").optimizer.learning_rate == 1.0);
  CHECK(After("[optimizer]\nlearning_rate = 0").optimizer.learning_rate == 0.0);
}

TEST_CASE("a text outside its choices lists them", "[config]") {
  CHECK(TomlError("optimizer.schedule.kind = \"cosin\"") ==
        "r.toml:1: optimizer.schedule.kind must be one of [\"constant\", \"linear\", \"cosine\"], but is the text \"cosin\"; did you mean "
        "\"cosine\"?");
  CHECK_THAT(TomlError("optimizer.schedule.kind = \"\""), Contains("must be one of"));
}

TEST_CASE("the first error of the file is the one reported", "[config]") {
  CHECK_THAT(TomlError("zzz = 1\naaa = 2\n"), Contains("r.toml:1: unknown key zzz"));
}

TEST_CASE("malformed TOML names file, line and column", "[config]") {
  for (const std::string_view toml : {"steps", "steps =", "steps = [1", "= 3", "steps = 3 4", "[a", "steps = 99999999999999999999",
                                      "model = \"\xFF\"", "model = \"a\nb\"", "steps = 0x"}) {
    INFO(toml);
    CHECK_THAT(TomlError(toml), Contains("r.toml:1:") || Contains("r.toml:2:"));
  }
  CHECK_FALSE(TomlError(std::string_view("steps = 1\0", 10)).empty());
}

TEST_CASE("hostile TOML is refused without harm", "[config]") {
  std::string dotted = "a";
  for (int i = 0; i < 500'000; ++i) {
    dotted += ".a";
  }
  CHECK_THAT(TomlError(dotted + " = 1"), Contains("nested too deep"));
  CHECK_THAT(TomlError("[" + dotted + "]"), Contains("nested too deep"));
  CHECK_FALSE(TomlError("stop = " + std::string(1'000'000, '[')).empty());
  CHECK_THAT(TomlError(std::string(5'000'000, '#')), Contains("more than a recipe may have"));
  std::string inline_tables = "x = ";
  for (int i = 0; i < 100'000; ++i) {
    inline_tables += "{a=";
  }
  CHECK_FALSE(TomlError(inline_tables).empty());
  CHECK(TomlError(std::string(10'000, 'k') + " = 1").size() < 20'000);
}

TEST_CASE("a byte-order mark and CRLF are accepted", "[config]") { CHECK(After("\xEF\xBB\xBFsteps = 3\r\nclip = 0.5\r\n").steps == 3); }

TEST_CASE("TOML written from a configuration reads back to the same values", "[config]") {
  for (const bool with_help : {false, true}) {
    const RecipeConfig config = Unusual();
    const std::string toml = ConfigToToml(config, with_help);
    INFO(toml);
    const RecipeConfig back = After(toml);
    CHECK(back == config);
    CHECK(std::signbit(back.rewards[0].weight));
    CHECK(After(ConfigToToml(RecipeConfig{}, with_help)) == RecipeConfig{});
    RecipeConfig without_rewards;
    without_rewards.rewards.clear();
    CHECK(After(ConfigToToml(without_rewards, with_help)) == without_rewards);
  }
}

TEST_CASE("JSON written from a configuration reads back to the same values", "[config]") {
  RecipeConfig back;
  const Json json = ParseJson(DumpJson(ConfigToJson(Unusual())), "db").value();
  REQUIRE(ApplyJson(json, "db", back).ok());
  CHECK(back == Unusual());
}

TEST_CASE("doubles are written exactly", "[config]") {
  RecipeConfig config;
  uint64_t bits = 0x3ff0000000000001;
  for (int i = 0; i < 2000; ++i) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    const double value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) {
      continue;
    }
    config.clip = value;
    RecipeConfig from_toml, from_json;
    REQUIRE(ApplyToml(fmt::format("clip = {}", ConfigToJson(config)["clip"].dump()), "x", from_json).ok());
    REQUIRE(ApplyToml(ConfigToToml(config), "x", from_toml).ok());
    CHECK(from_toml.clip == value);
    CHECK(from_json.clip == value);
  }
}

TEST_CASE("TOML output puts values before sections and help above", "[config]") {
  ScheduleConfig schedule;
  CHECK(ConfigToToml(schedule) == "kind = \"constant\"\nwarmup_steps = 0\n");
  CHECK(ConfigToToml(schedule, true) == "# how the step size changes\nkind = \"constant\"\n# steps of linear increase\nwarmup_steps = 0\n");
  OptimizerConfig optimizer;
  CHECK(ConfigToToml(optimizer) ==
        "learning_rate = 1e-05\nbetas = [0.9, 0.95]\ndecay_norms = false\n\n[schedule]\nkind = \"constant\"\nwarmup_steps = 0\n");
  RewardConfig reward{"x", 2.0, {ScheduleConfig{}}};
  CHECK(ConfigToToml(reward) == "name = \"x\"\nweight = 2.0\n\n[[phases]]\nkind = \"constant\"\nwarmup_steps = 0\n");
}

TEST_CASE("JSON keeps the order and the types of the fields", "[config]") {
  CHECK(DumpJson(ConfigToJson(OptimizerConfig{})) ==
        R"({"learning_rate":1e-05,"betas":[0.9,0.95],"decay_norms":false,"schedule":{"kind":"constant","warmup_steps":0}})");
  CHECK(DumpJson(ConfigToJson(RewardConfig{})) == R"({"name":"correct","weight":1.0,"phases":[]})");
}

TEST_CASE("JSON input is checked like TOML", "[config]") {
  const auto error = [](std::string_view json) {
    RecipeConfig config;
    return std::string(Message(ApplyJson(ParseJson(json, "x").value(), "run.db", config)));
  };
  CHECK(error(R"({"stepz":1})") == "run.db: unknown key stepz; did you mean steps?");
  CHECK(error(R"({"steps":1.5})") == "run.db: steps must be an integer, but is 1.5");
  CHECK(error(R"({"steps":18446744073709551615})") == "run.db: steps must be an integer, but is 1.8446744073709552e+19");
  CHECK(error(R"({"model":null})") == "run.db: model must be a text in quotes, but is null");
  CHECK(error("[1]") == "run.db: the document must be a section, but is a list");
}

TEST_CASE("--set reads its value as TOML", "[config]") {
  CHECK(AfterSet("steps=3").steps == 3);
  CHECK(AfterSet("steps= 3 ").steps == 3);
  CHECK(AfterSet("optimizer.learning_rate=1e-3").optimizer.learning_rate == 1e-3);
  CHECK(AfterSet("optimizer.decay_norms=true").optimizer.decay_norms);
  CHECK(AfterSet("optimizer.schedule.kind=\"linear\"").optimizer.schedule.kind == "linear");
  CHECK(AfterSet("stop=[\"a\", \"b\"]").stop == std::vector<std::string>{"a", "b"});
  CHECK(AfterSet("sizes=[]").sizes.empty());
  CHECK(AfterSet("optimizer={learning_rate=0.5, betas=[0.1]}").optimizer.betas == std::vector<double>{0.1});
  CHECK(AfterSet("rewards=[{name=\"x\"},{}]").rewards.size() == 2);
}

TEST_CASE("--set takes bare words for texts, whatever they look like", "[config]") {
  CHECK(AfterSet("model=models/a.gguf").model == "models/a.gguf");
  CHECK(AfterSet("model=2024").model == "2024");
  CHECK(AfterSet("model=true").model == "true");
  CHECK(AfterSet("model=").model.empty());
  CHECK(AfterSet("model=a=b").model == "a=b");
  CHECK(AfterSet("model='single'").model == "single");
  CHECK(AfterSet("model=it's").model == "it's");
  CHECK(AfterSet("model=1\nsteps = 9").model == "1\nsteps = 9");
  CHECK(AfterSet("model=1\nsteps = 9").steps == 40);
}

TEST_CASE("--set reaches into lists of sections", "[config]") {
  CHECK(AfterSet("rewards.0.weight=0.25").rewards[0].weight == 0.25);
  CHECK(AfterSet("rewards.0={name=\"y\"}").rewards[0].name == "y");
  CHECK(SetError("rewards.1.weight=1") == "--set rewards.1.weight: rewards has 1 section(s), counted from 0, and none is called 1");
  CHECK_THAT(SetError("rewards.x.weight=1"), Contains("none is called x"));
  CHECK_THAT(SetError("rewards.-1.weight=1"), Contains("none is called -1"));
  CHECK_THAT(SetError("rewards.99999999999999999999.weight=1"), Contains("none is called"));
  CHECK(SetError("rewards.0.wieght=1") == "--set rewards.0.wieght: unknown key rewards.0.wieght; did you mean rewards.0.weight?");
}

TEST_CASE("--set errors name the key", "[config]") {
  CHECK(SetError("steps") == "--set steps: expected section.key=value");
  CHECK(SetError("=3") == "--set =3: expected section.key=value");
  CHECK(SetError("steps=ten") == "--set steps: steps must be an integer, but is the text \"ten\"");
  CHECK(SetError("steps=0") == "--set steps: steps must be between 1 and 1000000000, but is 0");
  CHECK(SetError("optimizer.lr=1") ==
        "--set optimizer.lr: unknown key optimizer.lr; optimizer has learning_rate, betas, decay_norms, schedule");
  CHECK(SetError("optimiser.learning_rate=1") ==
        "--set optimiser.learning_rate: unknown key optimiser.learning_rate; did you mean optimizer.learning_rate?");
  CHECK(SetError("train.learning_rate=1") ==
        "--set train.learning_rate: unknown key train.learning_rate; did you mean optimizer.learning_rate?");
  CHECK(SetError("optimiser.x=1") == "--set optimiser.x: unknown key optimiser.x; did you mean optimizer?");
  CHECK(SetError("steps.x=1") == "--set steps.x: steps is a value, not a section, so there is no steps.x");
  CHECK_THAT(SetError("stop=[1"), Contains("starts like a TOML text, list or table but is not one"));
  CHECK_THAT(SetError("optimizer=3"), Contains("must be a section"));
  CHECK_FALSE(SetError("optimizer.=3").empty());
  CHECK_FALSE(SetError(".=3").empty());
  CHECK_THAT(SetError("model=\xFF"), Contains("UTF-8"));
}

TEST_CASE("--help describes every field", "[config]") {
  CHECK(DescribeConfig<OptimizerConfig>() ==
        "learning_rate          AdamW step size (number, 0 to 1, default 1e-05)\n"
        "betas                  decay of the moments (list of numbers, 0 to 1, default [0.9, 0.95])\n"
        "decay_norms            decay the weights of norms too (true or false, default false)\n"
        "schedule.kind          how the step size changes (text: constant, linear, cosine, default \"constant\")\n"
        "schedule.warmup_steps  steps of linear increase (integer, 0 to 1000000, default 0)\n");
  const std::string help = DescribeConfig<RecipeConfig>();
  CHECK_THAT(help, Contains("\nrewards                          rewards and their weights (list of sections, default 1 of them)\n"));
  CHECK_THAT(help, Contains("\nrewards.N.phases.N.kind          how the step size changes"));
  CHECK_THAT(help, Contains("temperature                      sampling temperature (number, at least 0, default 1)"));
}

TEST_CASE("the nearest name is near enough or nothing", "[config]") {
  const std::vector<std::string> names = {"learning_rate", "steps", "model", "k1", "k2"};
  CHECK(NearestName("lerning_rate", names) == "learning_rate");
  CHECK(NearestName("learningrate", names) == "learning_rate");
  CHECK(NearestName("step", names) == "steps");
  CHECK(NearestName("setps", names) == "steps");
  CHECK(NearestName("k3", names) == "k1");
  CHECK(NearestName("temperature", names).empty());
  CHECK(NearestName("x", names).empty());
  CHECK(NearestName("", names).empty());
  CHECK(NearestName("a", {}).empty());
  CHECK(NearestName(std::string(1'000'000, 'a'), names).empty());
}

}  // namespace
}  // namespace cupel
