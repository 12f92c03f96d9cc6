// graph_color: colour the vertices of a graph so that neighbours differ.

#include "datasets/procedural/item_text.h"
#include "datasets/procedural/registry.h"

namespace cupel {
namespace {

constexpr std::string_view kName = "graph_color";
constexpr Setting kSettings[] = {
    {"num_vertices", "number of vertices", "7|8|10|13|18", 4, 40},
    {"num_colors", "number of colours", "3|3|3|3|4", 2, 8},
    {"density", "share of the pairs of a planted colouring that are joined", "0.7|0.65|0.6|0.5|0.5", 0.1, 1},
};
constexpr Setting kRgSettings[] = {
    {"num_colors", "number of colours", "3", 1, 100},
    {"min_num_vertices", "fewest vertices", "10", 1, 200},
    {"max_num_vertices", "most vertices", "10", 1, 200},
    {"edge_probability", "probability of an edge", "0.1", 0, 0.999999},
};

using Edges = std::vector<std::pair<int64_t, int64_t>>;

Json EdgesJson(const Edges& edges) {
  Json json = Json::array();
  for (const auto& [a, b] : edges) {
    json.push_back({a, b});
  }
  return json;
}

std::string EdgesText(const Edges& edges) {
  std::vector<std::string> texts;
  for (const auto& [a, b] : edges) {
    texts.push_back(fmt::format("({}, {})", a, b));
  }
  return Bracketed(texts);
}

// The first colour that no earlier neighbour has, vertex by vertex; empty when there is none.
std::vector<int64_t> Greedy(int64_t num_vertices, const Edges& edges, int64_t num_colors) {
  std::vector<int64_t> colors(static_cast<size_t>(num_vertices), 0);
  for (int64_t vertex = 0; vertex < num_vertices; ++vertex) {
    std::vector<bool> used(static_cast<size_t>(num_colors) + 1);
    for (const auto& [a, b] : edges) {
      if (b == vertex) {
        used[static_cast<size_t>(colors[static_cast<size_t>(a)])] = true;
      }
    }
    int64_t color = 1;
    while (color <= num_colors && used[static_cast<size_t>(color)]) {
      ++color;
    }
    if (color > num_colors) {
      return {};
    }
    colors[static_cast<size_t>(vertex)] = color;
  }
  return colors;
}

std::vector<int64_t> UpTo(int64_t first, int64_t last) {
  std::vector<int64_t> values;
  for (int64_t value = first; value <= last; ++value) {
    values.push_back(value);
  }
  return values;
}

Json ColoringJson(const std::vector<int64_t>& colors) {
  Json json = Json::object();
  for (size_t vertex = 0; vertex < colors.size(); ++vertex) {
    json[std::to_string(vertex)] = colors[vertex];
  }
  return json;
}

std::string ColoringText(const std::vector<int64_t>& colors) {
  std::vector<std::string> parts;
  for (size_t vertex = 0; vertex < colors.size(); ++vertex) {
    parts.push_back(fmt::format("\"{}\": {}", vertex, colors[vertex]));
  }
  return "{" + Joined(parts) + "}";
}

absl::StatusOr<Item> GenerateRg(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t num_colors = settings.Int("num_colors");
  for (int attempt = 0; attempt < 20000; ++attempt) {
    const int64_t num_vertices = random.Int(settings.Int("min_num_vertices"), settings.Int("max_num_vertices"));
    Edges edges;
    for (int64_t a = 0; a < num_vertices; ++a) {
      for (int64_t b = a + 1; b < num_vertices; ++b) {
        if (random.Random() < settings.Real("edge_probability")) {
          edges.emplace_back(a, b);
        }
      }
    }
    const std::vector<int64_t> colors = Greedy(num_vertices, edges, num_colors);
    if (colors.empty()) {
      continue;
    }
    const std::vector<int64_t> vertices = UpTo(0, num_vertices - 1), options = UpTo(1, num_colors);
    Json metadata = BeginMetadata(kName, index);
    metadata["possible_answer"] = ColoringJson(colors);
    metadata["puzzle"] = {{"vertices", vertices}, {"edges", EdgesJson(edges)}, {"num_colors", num_colors}, {"color_options", options}};
    metadata["num_vertices"] = num_vertices;
    metadata["difficulty"] = {{"num_vertices", RangeOf(settings, "num_vertices")}, {"num_colors", num_colors}};
    Item item =
        RgItem(fmt::format("Please provide a coloring for this graph such that every vertex is not connected to a vertex of the same "
                           "color. The graph has these properties:\n\nVertices: {}\nEdges: {}\nPossible colors: {}\n\nReturn your "
                           "solution as a JSON map of vertices to colors. (For example: {{\"0\": 1, \"1\": 2, \"2\": 3}}.)\n",
                           Bracketed(vertices), EdgesText(edges), Bracketed(options)),
               ColoringText(colors), metadata);
    item.is_answer_null = true;
    return item;
  }
  return absl::AbortedError("greedy colouring found no such graph; raise num_colors or lower edge_probability");
}

// A colouring is planted, and edges join only vertices that differ in it; every vertex gets at least one.
absl::StatusOr<Item> Generate(const Settings& settings, ItemRandom& random, int64_t index) {
  const int64_t num_vertices = settings.Int("num_vertices"), num_colors = settings.Int("num_colors");
  std::vector<int64_t> colors;
  for (int64_t vertex = 0; vertex < num_vertices; ++vertex) {
    colors.push_back(vertex % num_colors + 1);
  }
  random.Shuffle(colors);
  Edges edges;
  for (int64_t a = 0; a < num_vertices; ++a) {
    for (int64_t b = a + 1; b < num_vertices; ++b) {
      if (colors[static_cast<size_t>(a)] != colors[static_cast<size_t>(b)] && random.Chance(settings.Real("density"))) {
        edges.emplace_back(a, b);
      }
    }
  }
  const std::vector<int64_t> vertices = UpTo(0, num_vertices - 1), options = UpTo(1, num_colors);
  Json metadata = BeginMetadata(kName, index);
  metadata["puzzle"] = {{"vertices", vertices}, {"edges", EdgesJson(edges)}, {"num_colors", num_colors}, {"color_options", options}};
  return CupelItem(
      settings,
      fmt::format("Colour the vertices 0 to {} with the colours {}, so that the two ends of every edge differ. Edges: {}. Answer "
                  "with a JSON object that gives every vertex its colour, as in {{\"0\": 1, \"1\": 2}}.",
                  num_vertices - 1, Joined(options), EdgesText(edges)),
      ColoringText(colors), std::move(metadata));
}

}  // namespace

const Family kGraphColorFamily = {kName, "colour a graph", kSettings, Generate, kRgSettings, GenerateRg};

}  // namespace cupel
