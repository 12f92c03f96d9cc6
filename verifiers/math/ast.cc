#include "verifiers/math/ast.h"

#include <algorithm>
#include <array>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

namespace cupel::math {
namespace {

constexpr auto kNames = std::to_array<std::string_view>(
    {"number",       "symbol",     "constant",  "add",       "multiply", "divide", "negate", "plus_minus",  "power", "function", "apply",
     "factorial",    "percent",    "degree",    "quantity",  "based",    "group",  "set",    "set_builder", "list",  "relation", "union",
     "intersection", "difference", "named_set", "empty_set", "matrix",   "cases",  "ratio",  "modular",     "text",  "sum",      "dots"});

void Append(Expr expr, std::string& out, size_t max_bytes) {
  if (out.size() > max_bytes) {
    return;
  }
  if (expr->Is(Kind::kNumber)) {
    char* text = fmpq_get_str(nullptr, 10, expr->value.get());
    out += text;
    flint_free(text);
    return;
  }
  if (expr->Is(Kind::kSymbol) || expr->Is(Kind::kConstant) || expr->Is(Kind::kNamedSet)) {
    out += expr->text;
    return;
  }
  out += kNames[static_cast<size_t>(expr->kind)];
  if (!expr->text.empty()) {
    out += fmt::format("[{}]", expr->text);
  }
  if (expr->info != 0) {
    out += fmt::format("#{}", expr->info);
  }
  out += '(';
  for (size_t i = 0; i < expr->kids.size(); ++i) {
    out += i > 0 ? ", " : "";
    Append(expr->kid(i), out, max_bytes);
  }
  out += ')';
}

void Collect(Expr expr, std::vector<std::string>& names) {
  if (expr->Is(Kind::kSymbol) && expr->text != "i" && expr->text != "e") {
    names.push_back(expr->text);
  }
  for (size_t i = 0; i < expr->kids.size(); ++i) {
    std::vector<std::string> inner;
    Collect(expr->kid(i), inner);
    if (expr->Is(Kind::kSum) && i == 0) {
      std::erase(inner, expr->name);
    }
    names.insert(names.end(), inner.begin(), inner.end());
  }
}

}  // namespace

char RelationOperator(std::string_view text) {
  constexpr auto kOperators = std::to_array<std::pair<std::string_view, char>>({{"=", '='},
                                                                                {"<", '<'},
                                                                                {">", '>'},
                                                                                {"<=", 'l'},
                                                                                {">=", 'g'},
                                                                                {"!=", '!'},
                                                                                {"~", '~'},
                                                                                {"in", 'e'},
                                                                                {"notin", 'n'},
                                                                                {"sub", 's'},
                                                                                {"==", 'c'},
                                                                                {"->", 'a'},
                                                                                {"parallel", 'p'},
                                                                                {"perp", 'o'}});
  const auto found = std::ranges::find(kOperators, text, &std::pair<std::string_view, char>::first);
  return found == kOperators.end() ? '?' : found->second;
}

Expr Arena::Add(Node node) {
  budget_->Spend(1);
  is_full_ = is_full_ || std::ssize(nodes_) >= budget_->limits().max_nodes;
  nodes_.push_back(std::move(node));
  return &nodes_.back();
}

Expr Arena::Make(Kind kind, std::vector<Expr> kids, std::string_view text, int64_t info) {
  Node node;
  node.kind = kind;
  node.kids = std::move(kids);
  node.text = text;
  node.info = info;
  return Add(std::move(node));
}

Expr Arena::Number(const Rational& value) {
  Node node;
  node.value = value;
  node.info = -1;
  return Add(std::move(node));
}

std::string ToText(Expr expr, size_t max_bytes) {
  std::string out;
  Append(expr, out, max_bytes);
  if (out.size() > max_bytes) {
    out.resize(max_bytes);
    out += "...";
  }
  return out;
}

std::vector<std::string> FreeSymbols(Expr expr) {
  std::vector<std::string> names;
  Collect(expr, names);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Expr Substitute(Arena& arena, Expr expr, std::string_view name, Expr replacement) {
  if (expr->IsSymbol(name)) {
    return replacement;
  }
  if (expr->kids.empty() || (expr->Is(Kind::kSum) && expr->name == name) || arena.is_full()) {
    return expr;
  }
  Node node = *expr;
  bool changed = false;
  for (Expr& kid : node.kids) {
    const Expr other = Substitute(arena, kid, name, replacement);
    changed = changed || other != kid;
    kid = other;
  }
  return changed ? arena.Add(std::move(node)) : expr;
}

Expr FoldSymbolCase(Arena& arena, Expr expr) {
  Node node = *expr;
  if (node.kind == Kind::kSymbol && node.text != "I") {
    absl::AsciiStrToLower(&node.text);
  }
  if (node.name != "I") {
    absl::AsciiStrToLower(&node.name);
  }
  for (Expr& kid : node.kids) {
    kid = FoldSymbolCase(arena, kid);
  }
  return arena.Add(std::move(node));
}

bool SameTree(Expr a, Expr b) {
  if (a == b) {
    return true;
  }
  if (a->kind != b->kind || a->text != b->text || a->name != b->name || a->kids.size() != b->kids.size() || !(a->value == b->value) ||
      (a->kind != Kind::kNumber && a->info != b->info)) {
    return false;
  }
  return std::ranges::equal(a->kids, b->kids, &SameTree);
}

bool IsOpaqueSum(const Node& node) {
  // A variable of a sum inside is "bound 1": what depends on it may depend on this one through its ends.
  const auto depends = [&](const Node& part) {
    return part.kind == Kind::kApply && std::ranges::any_of(part.kids, [&](Expr kid) {
             return AnyNode(kid, [&](const Node& name) {
               return name.IsSymbol(node.name) || (name.kind == Kind::kSymbol && name.text.starts_with("bound "));
             });
           });
  };
  return node.kind == Kind::kSum && !node.kids.empty() && AnyNode(node.kids[0], depends);
}

}  // namespace cupel::math
