#include "verifiers/math/lexer_tables.h"

#include <algorithm>
#include <array>
#include <string>

namespace cupel::math {
namespace {

struct Command {
  std::string_view name;
  Symbolic token;
};

constexpr auto kCommands = std::to_array<Command>({
    {"%", {Tok::kPercent, "%"}},
    {"&", {Tok::kAnd, "and"}},
    {"Alpha", {Tok::kLetter, "Alpha"}},
    {"Big", {Tok::kEnd, ""}},
    {"C", {Tok::kSet, "C"}},
    {"Delta", {Tok::kLetter, "Delta"}},
    {"Gamma", {Tok::kLetter, "Gamma"}},
    {"Lambda", {Tok::kLetter, "Lambda"}},
    {"Leftrightarrow", {Tok::kRelation, "->"}},
    {"Longleftrightarrow", {Tok::kRelation, "->"}},
    {"Longrightarrow", {Tok::kRelation, "->"}},
    {"N", {Tok::kSet, "N"}},
    {"Omega", {Tok::kLetter, "Omega"}},
    {"Phi", {Tok::kLetter, "Phi"}},
    {"Pi", {Tok::kLetter, "Pi"}},
    {"Pr", {Tok::kLetter, "P"}},
    {"Psi", {Tok::kLetter, "Psi"}},
    {"Q", {Tok::kSet, "Q"}},
    {"R", {Tok::kSet, "R"}},
    {"Rightarrow", {Tok::kRelation, "->"}},
    {"Sigma", {Tok::kLetter, "Sigma"}},
    {"Theta", {Tok::kLetter, "Theta"}},
    {"Vert", {Tok::kBar, "||"}},
    {"Xi", {Tok::kLetter, "Xi"}},
    {"Z", {Tok::kSet, "Z"}},
    {"alpha", {Tok::kLetter, "alpha"}},
    {"and", {Tok::kAnd, "and"}},
    {"angle", {Tok::kLetter, "angle"}},
    {"approx", {Tok::kRelation, "~"}},
    {"arccos", {Tok::kFunction, "arccos"}},
    {"arccot", {Tok::kFunction, "arccot"}},
    {"arccsc", {Tok::kFunction, "arccsc"}},
    {"arcosh", {Tok::kFunction, "arcosh"}},
    {"arcsec", {Tok::kFunction, "arcsec"}},
    {"arcsin", {Tok::kFunction, "arcsin"}},
    {"arctan", {Tok::kFunction, "arctan"}},
    {"arg", {Tok::kFunction, "arg"}},
    {"arsinh", {Tok::kFunction, "arsinh"}},
    {"artanh", {Tok::kFunction, "artanh"}},
    {"ast", {Tok::kTimes, "*"}},
    {"backslash", {Tok::kSetMinus, "\\"}},
    {"bar", {Tok::kAccent, "overline"}},
    {"beta", {Tok::kLetter, "beta"}},
    {"bigcap", {Tok::kBig, "bigcap"}},
    {"bigcup", {Tok::kBig, "bigcup"}},
    {"bigodot", {Tok::kTimes, "*"}},
    {"binom", {Tok::kBinomial, ""}},
    {"breve", {Tok::kAccent, "hat"}},
    {"bullet", {Tok::kTimes, "*"}},
    {"cap", {Tok::kCap, ""}},
    {"cbrt", {Tok::kRoot, "3"}},
    {"cdot", {Tok::kTimes, "*"}},
    {"cdotp", {Tok::kTimes, "*"}},
    {"cdots", {Tok::kDots, "..."}},
    {"cfrac", {Tok::kFraction, ""}},
    {"chi", {Tok::kLetter, "chi"}},
    {"circ", {Tok::kDegree, ""}},
    {"colon", {Tok::kColon, ":"}},
    {"complement", {Tok::kLetter, "complement"}},
    {"cong", {Tok::kRelation, "~"}},
    {"cos", {Tok::kFunction, "cos"}},
    {"cosec", {Tok::kFunction, "csc"}},
    {"cosh", {Tok::kFunction, "cosh"}},
    {"cot", {Tok::kFunction, "cot"}},
    {"coth", {Tok::kFunction, "coth"}},
    {"csc", {Tok::kFunction, "csc"}},
    {"csch", {Tok::kFunction, "csch"}},
    {"ctg", {Tok::kFunction, "cot"}},
    {"cup", {Tok::kCup, ""}},
    {"dagger", {Tok::kLetter, "dagger"}},
    {"dbinom", {Tok::kBinomial, ""}},
    {"ddots", {Tok::kDots, "..."}},
    {"deg", {Tok::kFunction, "deg"}},
    {"degree", {Tok::kDegree, ""}},
    {"delta", {Tok::kLetter, "delta"}},
    {"det", {Tok::kFunction, "det"}},
    {"dfrac", {Tok::kFraction, ""}},
    {"dim", {Tok::kFunction, "dim"}},
    {"div", {Tok::kDivide, "/"}},
    {"dot", {Tok::kAccent, "dot"}},
    {"dots", {Tok::kDots, "..."}},
    {"dotsb", {Tok::kDots, "..."}},
    {"dotsc", {Tok::kDots, "..."}},
    {"dotsm", {Tok::kDots, "..."}},
    {"ell", {Tok::kLetter, "l"}},
    {"emptyset", {Tok::kEmptySet, ""}},
    {"epsilon", {Tok::kLetter, "epsilon"}},
    {"equiv", {Tok::kRelation, "=="}},
    {"eta", {Tok::kLetter, "eta"}},
    {"euro", {Tok::kCurrency, "EUR"}},
    {"exists", {Tok::kQuantifier, "exists"}},
    {"exp", {Tok::kFunction, "exp"}},
    {"forall", {Tok::kQuantifier, "forall"}},
    {"frac", {Tok::kFraction, ""}},
    {"gamma", {Tok::kLetter, "gamma"}},
    {"gcd", {Tok::kFunction, "gcd"}},
    {"ge", {Tok::kRelation, ">="}},
    {"geq", {Tok::kRelation, ">="}},
    {"geqq", {Tok::kRelation, ">="}},
    {"geqslant", {Tok::kRelation, ">="}},
    {"gets", {Tok::kRelation, "->"}},
    {"gt", {Tok::kRelation, ">"}},
    {"hat", {Tok::kAccent, "hat"}},
    {"hbar", {Tok::kLetter, "hbar"}},
    {"iff", {Tok::kRelation, "->"}},
    {"iiint", {Tok::kBig, "int3"}},
    {"iint", {Tok::kBig, "int2"}},
    {"imath", {Tok::kLetter, "i"}},
    {"implies", {Tok::kRelation, "->"}},
    {"mapsto", {Tok::kRelation, "mapsto"}},
    {"in", {Tok::kRelation, "in"}},
    {"inf", {Tok::kFunction, "inf"}},
    {"infin", {Tok::kConstant, "inf"}},
    {"infinity", {Tok::kConstant, "inf"}},
    {"infty", {Tok::kConstant, "inf"}},
    {"int", {Tok::kBig, "int"}},
    {"iota", {Tok::kLetter, "iota"}},
    {"jmath", {Tok::kLetter, "j"}},
    {"kappa", {Tok::kLetter, "kappa"}},
    {"lambda", {Tok::kLetter, "lambda"}},
    {"land", {Tok::kAnd, "and"}},
    {"langle", {Tok::kOpen, "<"}},
    {"lbrace", {Tok::kOpen, "{"}},
    {"lbrack", {Tok::kOpen, "["}},
    {"lceil", {Tok::kOpen, "ceil"}},
    {"lcm", {Tok::kFunction, "lcm"}},
    {"ldots", {Tok::kDots, "..."}},
    {"le", {Tok::kRelation, "<="}},
    {"leq", {Tok::kRelation, "<="}},
    {"leqq", {Tok::kRelation, "<="}},
    {"leqslant", {Tok::kRelation, "<="}},
    {"lfloor", {Tok::kOpen, "floor"}},
    {"lg", {Tok::kFunction, "lg"}},
    {"lgroup", {Tok::kOpen, "("}},
    {"lim", {Tok::kBig, "lim"}},
    {"llcorner", {Tok::kOpen, "floor"}},
    {"ln", {Tok::kFunction, "ln"}},
    {"lnot", {Tok::kLetter, "not"}},
    {"log", {Tok::kFunction, "log"}},
    {"longrightarrow", {Tok::kRelation, "->"}},
    {"lor", {Tok::kOr, "or"}},
    {"lparen", {Tok::kOpen, "("}},
    {"lrcorner", {Tok::kClose, "floor"}},
    {"lt", {Tok::kRelation, "<"}},
    {"lvert", {Tok::kBar, "|"}},
    {"max", {Tok::kFunction, "max"}},
    {"measuredangle", {Tok::kLetter, "angle"}},
    {"mid", {Tok::kBar, "|"}},
    {"min", {Tok::kFunction, "min"}},
    {"mod", {Tok::kMod, "mod"}},
    {"mp", {Tok::kPlusMinus, "-+"}},
    {"mu", {Tok::kLetter, "mu"}},
    {"ne", {Tok::kRelation, "!="}},
    {"neg", {Tok::kLetter, "not"}},
    {"neq", {Tok::kRelation, "!="}},
    {"ni", {Tok::kRelation, "ni"}},
    {"nmid", {Tok::kRelation, "nmid"}},
    {"notin", {Tok::kRelation, "notin"}},
    {"nu", {Tok::kLetter, "nu"}},
    {"omega", {Tok::kLetter, "omega"}},
    {"over", {Tok::kSlash, "over"}},
    {"choose", {Tok::kSlash, "choose"}},
    {"overline", {Tok::kAccent, "overline"}},
    {"overrightarrow", {Tok::kAccent, "vec"}},
    {"parallel", {Tok::kRelation, "parallel"}},
    {"partial", {Tok::kLetter, "partial"}},
    {"perp", {Tok::kRelation, "perp"}},
    {"phi", {Tok::kLetter, "phi"}},
    {"pi", {Tok::kConstant, "pi"}},
    {"pm", {Tok::kPlusMinus, "+-"}},
    {"pmod", {Tok::kMod, "pmod"}},
    {"bmod", {Tok::kMod, "mod"}},
    {"pounds", {Tok::kCurrency, "GBP"}},
    {"prime", {Tok::kPrime, "'"}},
    {"prod", {Tok::kBig, "prod"}},
    {"propto", {Tok::kRelation, "propto"}},
    {"psi", {Tok::kLetter, "psi"}},
    {"qquad", {Tok::kGap, ""}},
    {"quad", {Tok::kGap, ""}},
    {"rangle", {Tok::kClose, ">"}},
    {"rbrace", {Tok::kClose, "}"}},
    {"rbrack", {Tok::kClose, "]"}},
    {"rceil", {Tok::kClose, "ceil"}},
    {"rfloor", {Tok::kClose, "floor"}},
    {"rgroup", {Tok::kClose, ")"}},
    {"rho", {Tok::kLetter, "rho"}},
    {"rightarrow", {Tok::kRelation, "->"}},
    {"rparen", {Tok::kClose, ")"}},
    {"rvert", {Tok::kBar, "|"}},
    {"sec", {Tok::kFunction, "sec"}},
    {"sech", {Tok::kFunction, "sech"}},
    {"setminus", {Tok::kSetMinus, "\\"}},
    {"sgn", {Tok::kFunction, "sgn"}},
    {"sigma", {Tok::kLetter, "sigma"}},
    {"sim", {Tok::kRelation, "~"}},
    {"simeq", {Tok::kRelation, "~"}},
    {"sin", {Tok::kFunction, "sin"}},
    {"sinh", {Tok::kFunction, "sinh"}},
    {"slash", {Tok::kSlash, "/"}},
    {"smallsetminus", {Tok::kSetMinus, "\\"}},
    {"sqrt", {Tok::kRoot, ""}},
    {"subset", {Tok::kRelation, "sub"}},
    {"subseteq", {Tok::kRelation, "sub"}},
    {"sum", {Tok::kBig, "sum"}},
    {"sup", {Tok::kFunction, "sup"}},
    {"tan", {Tok::kFunction, "tan"}},
    {"tanh", {Tok::kFunction, "tanh"}},
    {"tau", {Tok::kLetter, "tau"}},
    {"tbinom", {Tok::kBinomial, ""}},
    {"tfrac", {Tok::kFraction, ""}},
    {"tg", {Tok::kFunction, "tan"}},
    {"therefore", {Tok::kGap, ""}},
    {"theta", {Tok::kLetter, "theta"}},
    {"tilde", {Tok::kAccent, "tilde"}},
    {"times", {Tok::kTimes, "x"}},
    {"to", {Tok::kRelation, "->"}},
    {"triangle", {Tok::kLetter, "triangle"}},
    {"ulcorner", {Tok::kOpen, "ceil"}},
    {"upsilon", {Tok::kLetter, "upsilon"}},
    {"urcorner", {Tok::kClose, "ceil"}},
    {"varepsilon", {Tok::kLetter, "epsilon"}},
    {"varnothing", {Tok::kEmptySet, ""}},
    {"varphi", {Tok::kLetter, "phi"}},
    {"varpi", {Tok::kConstant, "pi"}},
    {"vartheta", {Tok::kLetter, "theta"}},
    {"vdots", {Tok::kDots, "..."}},
    {"vec", {Tok::kAccent, "vec"}},
    {"vee", {Tok::kOr, "or"}},
    {"vert", {Tok::kBar, "|"}},
    {"wedge", {Tok::kAnd, "and"}},
    {"widehat", {Tok::kAccent, "hat"}},
    {"widetilde", {Tok::kAccent, "tilde"}},
    {"xi", {Tok::kLetter, "xi"}},
    {"yen", {Tok::kCurrency, "JPY"}},
    {"zeta", {Tok::kLetter, "zeta"}},
    {"{", {Tok::kOpen, "{"}},
    {"|", {Tok::kBar, "||"}},
    {"}", {Tok::kClose, "}"}},
});

constexpr auto kIgnored = std::to_array<std::string_view>({
    "!",
    ",",
    ":",
    ";",
    ">",
    " ",
    "/",
    "Big",
    "Bigg",
    "Biggl",
    "Biggm",
    "Biggr",
    "Bigl",
    "Bigm",
    "Bigr",
    "Huge",
    "LARGE",
    "Large",
    "allowbreak",
    "big",
    "bigg",
    "biggl",
    "biggm",
    "biggr",
    "bigl",
    "bigm",
    "bigr",
    "boldmath",
    "centering",
    "displaystyle",
    "enspace",
    "footnotesize",
    "hfill",
    "hline",
    "huge",
    "ignorespaces",
    "kern",
    "large",
    "left",
    "limits",
    "mathstrut",
    "medspace",
    "middle",
    "mleft",
    "mright",
    "negthickspace",
    "negthinspace",
    "newline",
    "noindent",
    "nolimits",
    "nonumber",
    "normalsize",
    "par",
    "relax",
    "right",
    "scriptscriptstyle",
    "scriptsize",
    "scriptstyle",
    "small",
    "smallskip",
    "space",
    "strut",
    "textstyle",
    "thickspace",
    "thinspace",
    "tiny",
    "unboldmath",
});

struct CharacterCommand {
  uint32_t code;
  std::string_view command;
};

constexpr auto kCharacters = std::to_array<CharacterCommand>({
    {0xA3, "pounds"},   {0xA5, "yen"},        {0xB0, "degree"},     {0xB1, "pm"},         {0xB7, "cdot"},       {0xD7, "times"},
    {0xF7, "div"},      {0x391, "Alpha"},     {0x393, "Gamma"},     {0x394, "Delta"},     {0x398, "Theta"},     {0x39B, "Lambda"},
    {0x39E, "Xi"},      {0x3A0, "Pi"},        {0x3A3, "Sigma"},     {0x3A6, "Phi"},       {0x3A8, "Psi"},       {0x3A9, "Omega"},
    {0x3B1, "alpha"},   {0x3B2, "beta"},      {0x3B3, "gamma"},     {0x3B4, "delta"},     {0x3B5, "epsilon"},   {0x3B6, "zeta"},
    {0x3B7, "eta"},     {0x3B8, "theta"},     {0x3B9, "iota"},      {0x3BA, "kappa"},     {0x3BB, "lambda"},    {0x3BC, "mu"},
    {0x3BD, "nu"},      {0x3BE, "xi"},        {0x3C0, "pi"},        {0x3C1, "rho"},       {0x3C3, "sigma"},     {0x3C4, "tau"},
    {0x3C5, "upsilon"}, {0x3C6, "phi"},       {0x3C7, "chi"},       {0x3C8, "psi"},       {0x3C9, "omega"},     {0x3D1, "theta"},
    {0x3D5, "phi"},     {0x3D6, "pi"},        {0x3F5, "epsilon"},   {0x2016, "|"},        {0x2022, "cdot"},     {0x2026, "ldots"},
    {0x2032, "prime"},  {0x2044, "slash"},    {0x20AC, "euro"},     {0x2102, "C"},        {0x2115, "N"},        {0x211A, "Q"},
    {0x211D, "R"},      {0x2124, "Z"},        {0x2192, "to"},       {0x21D2, "implies"},  {0x21D4, "iff"},      {0x2200, "forall"},
    {0x2203, "exists"}, {0x2205, "emptyset"}, {0x2208, "in"},       {0x2209, "notin"},    {0x220F, "prod"},     {0x2211, "sum"},
    {0x2213, "mp"},     {0x2215, "slash"},    {0x2216, "setminus"}, {0x2217, "ast"},      {0x2218, "degree"},   {0x2219, "cdot"},
    {0x221A, "sqrt"},   {0x221B, "cbrt"},     {0x221E, "infty"},    {0x2220, "angle"},    {0x2223, "mid"},      {0x2225, "parallel"},
    {0x2227, "wedge"},  {0x2228, "vee"},      {0x2229, "cap"},      {0x222A, "cup"},      {0x222B, "int"},      {0x2236, "colon"},
    {0x223C, "sim"},    {0x2245, "cong"},     {0x2248, "approx"},   {0x2260, "ne"},       {0x2261, "equiv"},    {0x2264, "le"},
    {0x2265, "ge"},     {0x2266, "le"},       {0x2267, "ge"},       {0x2282, "subset"},   {0x2286, "subseteq"}, {0x22C3, "cup"},
    {0x22C2, "cap"},    {0x22C5, "cdot"},     {0x22EF, "cdots"},    {0x2308, "lceil"},    {0x2309, "rceil"},    {0x230A, "lfloor"},
    {0x230B, "rfloor"}, {0x2329, "langle"},   {0x232A, "rangle"},   {0x25B3, "triangle"}, {0x27E8, "langle"},   {0x27E9, "rangle"},
    {0x2A7D, "le"},     {0x2A7E, "ge"},       {0x1D6D1, "pi"},      {0x1D70B, "pi"},      {0x1D7B9, "pi"},
});

struct CharacterText {
  uint32_t code;
  std::string_view text;
};

constexpr auto kTexts = std::to_array<CharacterText>({
    {0xA0, " "},    {0xAB, "\""},   {0xAD, "-"},   {0xBB, "\""},  {0x2002, " "}, {0x2003, " "}, {0x2009, " "},
    {0x200A, " "},  {0x200B, ""},   {0x200C, ""},  {0x200D, ""},  {0x200E, ""},  {0x200F, ""},  {0x2010, "-"},
    {0x2011, "-"},  {0x2012, "-"},  {0x2013, "-"}, {0x2014, "-"}, {0x2015, "-"}, {0x2018, "'"}, {0x2019, "'"},
    {0x201C, "\""}, {0x201D, "\""}, {0x202A, ""},  {0x202B, ""},  {0x202C, ""},  {0x202D, ""},  {0x202E, ""},
    {0x202F, " "},  {0x2033, "''"}, {0x2060, ""},  {0x2061, ""},  {0x2062, "*"}, {0x2063, ","}, {0x2064, "+"},
    {0x2066, ""},   {0x2067, ""},   {0x2068, ""},  {0x2069, ""},  {0x2212, "-"}, {0x2254, "="}, {0x3000, " "},
    {0x3001, ","},  {0x3002, "."},  {0x3008, "<"}, {0xFE63, "-"}, {0xFEFF, ""},  {0xFF0C, ","}, {0x2103, "\xC2\xB0"},
});

struct Vulgar {
  uint32_t code;
  std::string_view text;
};

constexpr auto kVulgar = std::to_array<Vulgar>({
    {0xBC, "1/4"},
    {0xBD, "1/2"},
    {0xBE, "3/4"},
    {0x2150, "1/7"},
    {0x2151, "1/9"},
    {0x2152, "1/10"},
    {0x2153, "1/3"},
    {0x2154, "2/3"},
    {0x2155, "1/5"},
    {0x2156, "2/5"},
    {0x2157, "3/5"},
    {0x2158, "4/5"},
    {0x2159, "1/6"},
    {0x215A, "5/6"},
    {0x215B, "1/8"},
    {0x215C, "3/8"},
    {0x215D, "5/8"},
    {0x215E, "7/8"},
});

struct Script {
  uint32_t code;
  char plain;
};

constexpr auto kSuperscripts = std::to_array<Script>({
    {0xB2, '2'},   {0xB3, '3'},   {0xB9, '1'},   {0x2070, '0'}, {0x2071, 'i'}, {0x2074, '4'}, {0x2075, '5'}, {0x2076, '6'},
    {0x2077, '7'}, {0x2078, '8'}, {0x2079, '9'}, {0x207A, '+'}, {0x207B, '-'}, {0x207D, '('}, {0x207E, ')'}, {0x207F, 'n'},
    {0x1D4F, 'k'}, {0x1D50, 'm'}, {0x1D43, 'a'}, {0x1D47, 'b'}, {0x2E3, 'x'},  {0x2B8, 'y'},  {0x1D49, 'e'}, {0x1D57, 't'},
});

constexpr auto kSubscripts = std::to_array<Script>({
    {0x2080, '0'}, {0x2081, '1'}, {0x2082, '2'}, {0x2083, '3'}, {0x2084, '4'}, {0x2085, '5'}, {0x2086, '6'},
    {0x2087, '7'}, {0x2088, '8'}, {0x2089, '9'}, {0x208A, '+'}, {0x208B, '-'}, {0x2099, 'n'}, {0x2096, 'k'},
    {0x2098, 'm'}, {0x1D62, 'i'}, {0x2C7C, 'j'}, {0x2090, 'a'}, {0x2093, 'x'},
});

std::string_view One(char c, char (&buffer)[8]) {
  buffer[0] = c;
  return {buffer, 1};
}

std::string_view Number(uint32_t value, char (&buffer)[8]) {
  const std::string text = std::to_string(value);
  return {buffer, text.copy(buffer, sizeof(buffer))};
}

}  // namespace

std::optional<Symbolic> CommandToken(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  return found == kCommands.end() || found->token.kind == Tok::kEnd ? std::nullopt : std::optional(found->token);
}

bool IsIgnoredCommand(std::string_view name) { return std::ranges::find(kIgnored, name) != kIgnored.end(); }

std::string_view CommandOfCharacter(uint32_t code) {
  const auto found = std::ranges::find(kCharacters, code, &CharacterCommand::code);
  return found == kCharacters.end() ? std::string_view() : found->command;
}

std::string_view AsciiOfCharacter(uint32_t code, char (&buffer)[8]) {
  if (const auto found = std::ranges::find(kTexts, code, &CharacterText::code); found != kTexts.end()) {
    return found->text.empty() ? std::string_view("\x01") : found->text;
  }
  if (0xFF01 <= code && code <= 0xFF5E) {
    return One(static_cast<char>(code - 0xFF01 + '!'), buffer);
  }
  if (0x1D7CE <= code && code <= 0x1D7FF) {
    return One(static_cast<char>('0' + (code - 0x1D7CE) % 10), buffer);
  }
  if (0x1D400 <= code && code <= 0x1D6A3) {  // thirteen alphabets of 52 letters
    const uint32_t letter = (code - 0x1D400) % 52;
    return One(static_cast<char>(letter < 26 ? 'A' + letter : 'a' + letter - 26), buffer);
  }
  if (code == 0x210E) {
    return One('h', buffer);
  }
  if (0x2460 <= code && code <= 0x2473) {
    return Number(code - 0x245F, buffer);
  }
  if (0x2776 <= code && code <= 0x277F) {
    return Number(code - 0x2775, buffer);
  }
  for (const uint32_t zero : {0x660U, 0x6F0U, 0x966U}) {
    if (zero <= code && code < zero + 10) {
      return One(static_cast<char>('0' + (code - zero)), buffer);
    }
  }
  return {};
}

std::string_view VulgarFraction(uint32_t code) {
  const auto found = std::ranges::find(kVulgar, code, &Vulgar::code);
  return found == kVulgar.end() ? std::string_view() : found->text;
}

char SuperscriptOf(uint32_t code) {
  const auto found = std::ranges::find(kSuperscripts, code, &Script::code);
  return found == kSuperscripts.end() ? '\0' : found->plain;
}

char SubscriptOf(uint32_t code) {
  const auto found = std::ranges::find(kSubscripts, code, &Script::code);
  return found == kSubscripts.end() ? '\0' : found->plain;
}

}  // namespace cupel::math
