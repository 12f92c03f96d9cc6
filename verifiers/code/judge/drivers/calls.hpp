// Compiled inside the sandbox in front of the judged program: calls its functions with the arguments on descriptor 3 and writes what they
// return to descriptor 4, as drivers/calls.py does for Python; encoding in judge/value.h. Argument types are those of the function called.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cupel_judge {

struct BadArgument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The bytes of the request that are still to be read.
struct Reader {
  const char* at = nullptr;
  const char* end = nullptr;

  std::string_view Take(size_t count) {
    if (static_cast<size_t>(end - at) < count) {
      throw BadArgument("the request ends early");
    }
    const std::string_view taken(at, count);
    at += count;
    return taken;
  }
  char Tag() { return Take(1)[0]; }
  char Peek() const { return at < end ? *at : '\0'; }
  uint32_t Length() {
    uint32_t length = 0;
    std::memcpy(&length, Take(4).data(), 4);
    return length;
  }
  std::string_view Text() {
    const uint32_t length = Length();
    return Take(length);
  }
  void Expect(char tag, const char* what) {
    if (Tag() != tag) {
      throw BadArgument(std::string("the function wants ") + what);
    }
  }
  // Passes over one value.
  void Skip() {
    const char tag = Tag();
    if (tag == 'N') {
      return;
    }
    if (tag == 'B' || tag == 'F' || tag == 'C') {
      Take(tag == 'B' ? 1 : tag == 'F' ? 8 : 16);
    } else if (tag == 'L' || tag == 'T' || tag == 'E' || tag == 'D') {
      for (uint64_t count = uint64_t{Length()} * (tag == 'D' ? 2 : 1); count > 0; --count) {
        Skip();
      }
    } else {
      Text();
    }
  }
};

inline void PutLength(size_t length, std::string& out) {
  const auto word = static_cast<uint32_t>(length);
  out.append(reinterpret_cast<const char*>(&word), 4);
}
inline void PutText(char tag, std::string_view text, std::string& out) {
  out += tag;
  PutLength(text.size(), out);
  out += text;
}

// How a type is read from a request and written to a result.
template <class T, class = void>
struct Codec;

template <>
struct Codec<bool> {
  static bool Read(Reader& in) {
    in.Expect('B', "a truth value");
    return in.Take(1)[0] == 1;
  }
  static void Write(bool value, std::string& out) {
    out += 'B';
    out += value ? '\1' : '\0';
  }
};

template <>
struct Codec<char> {
  static char Read(Reader& in) {
    in.Expect('S', "a character");
    const std::string_view text = in.Text();
    if (text.size() != 1) {
      throw BadArgument("the function wants one character");
    }
    return text[0];
  }
  static void Write(char value, std::string& out) { PutText('S', std::string_view(&value, 1), out); }
};

template <class T>
struct Codec<T, std::enable_if_t<std::is_integral_v<T>>> {
  static T Read(Reader& in) {
    in.Expect('I', "an integer");
    const std::string text(in.Text());
    size_t used = 0;
    if constexpr (std::is_unsigned_v<T>) {
      const unsigned long long value = std::stoull(text, &used);
      if (text[0] == '-' || value > std::numeric_limits<T>::max()) {
        throw BadArgument("an integer is out of the range of its parameter");
      }
      return static_cast<T>(value);
    } else {
      const long long value = std::stoll(text, &used);
      if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
        throw BadArgument("an integer is out of the range of its parameter");
      }
      return static_cast<T>(value);
    }
  }
  static void Write(T value, std::string& out) { PutText('I', std::to_string(value), out); }
};

template <class T>
struct Codec<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static T Read(Reader& in) {
    if (in.Peek() == 'I') {
      in.Tag();
      return static_cast<T>(std::stold(std::string(in.Text())));
    }
    in.Expect('F', "a number");
    double value = 0;
    std::memcpy(&value, in.Take(8).data(), 8);
    return static_cast<T>(value);
  }
  static void Write(T value, std::string& out) {
    const auto wide = static_cast<double>(value);
    out += 'F';
    out.append(reinterpret_cast<const char*>(&wide), 8);
  }
};

template <>
struct Codec<std::string> {
  static std::string Read(Reader& in) {
    in.Expect('S', "a string");
    return std::string(in.Text());
  }
  static void Write(const std::string& value, std::string& out) { PutText('S', value, out); }
};
template <>
struct Codec<std::string_view> {
  static std::string_view Read(Reader& in) {
    in.Expect('S', "a string");
    return in.Text();
  }
  static void Write(std::string_view value, std::string& out) { PutText('S', value, out); }
};
template <>
struct Codec<const char*> {
  static void Write(const char* value, std::string& out) { PutText('S', value, out); }
};

inline uint32_t ReadCount(Reader& in, bool is_dict) {
  const char tag = in.Tag();
  const bool fits = is_dict ? tag == 'D' : tag == 'L' || tag == 'T' || tag == 'E';
  if (!fits) {
    throw BadArgument(is_dict ? "the function wants a dictionary" : "the function wants a list");
  }
  return in.Length();
}

template <class Container>
void WriteRow(char tag, const Container& row, std::string& out) {
  out += tag;
  PutLength(static_cast<size_t>(std::distance(row.begin(), row.end())), out);
  for (const auto& item : row) {
    Codec<std::decay_t<decltype(item)>>::Write(item, out);
  }
}

template <class T>
struct Codec<std::vector<T>> {
  static std::vector<T> Read(Reader& in) {
    std::vector<T> row;
    for (uint32_t count = ReadCount(in, false); count > 0; --count) {
      row.push_back(Codec<T>::Read(in));
    }
    return row;
  }
  static void Write(const std::vector<T>& row, std::string& out) {
    out += 'L';
    PutLength(row.size(), out);
    for (size_t i = 0; i < row.size(); ++i) {
      Codec<T>::Write(row[i], out);
    }
  }
};

template <class T, size_t n>
struct Codec<std::array<T, n>> {
  static std::array<T, n> Read(Reader& in) {
    std::array<T, n> row{};
    if (ReadCount(in, false) != n) {
      throw BadArgument("a list has the wrong length");
    }
    for (T& item : row) {
      item = Codec<T>::Read(in);
    }
    return row;
  }
  static void Write(const std::array<T, n>& row, std::string& out) { WriteRow('L', row, out); }
};

template <class Set, class T>
struct SetCodec {
  static Set Read(Reader& in) {
    Set set;
    for (uint32_t count = ReadCount(in, false); count > 0; --count) {
      set.insert(Codec<T>::Read(in));
    }
    return set;
  }
  static void Write(const Set& set, std::string& out) { WriteRow('E', set, out); }
};
template <class T>
struct Codec<std::set<T>> : SetCodec<std::set<T>, T> {};
template <class T>
struct Codec<std::unordered_set<T>> : SetCodec<std::unordered_set<T>, T> {};

template <class Map, class K, class V>
struct MapCodec {
  static Map Read(Reader& in) {
    Map map;
    for (uint32_t count = ReadCount(in, true); count > 0; --count) {
      K key = Codec<K>::Read(in);
      map.emplace(std::move(key), Codec<V>::Read(in));
    }
    return map;
  }
  static void Write(const Map& map, std::string& out) {
    out += 'D';
    PutLength(map.size(), out);
    for (const auto& [key, value] : map) {
      Codec<K>::Write(key, out);
      Codec<V>::Write(value, out);
    }
  }
};
template <class K, class V>
struct Codec<std::map<K, V>> : MapCodec<std::map<K, V>, K, V> {};
template <class K, class V>
struct Codec<std::unordered_map<K, V>> : MapCodec<std::unordered_map<K, V>, K, V> {};

template <class... Parts>
struct Codec<std::tuple<Parts...>> {
  static std::tuple<Parts...> Read(Reader& in) {
    if (ReadCount(in, false) != sizeof...(Parts)) {
      throw BadArgument("a tuple has the wrong length");
    }
    return std::tuple<Parts...>{Codec<Parts>::Read(in)...};
  }
  static void Write(const std::tuple<Parts...>& row, std::string& out) {
    out += 'T';
    PutLength(sizeof...(Parts), out);
    std::apply([&](const Parts&... part) { (Codec<Parts>::Write(part, out), ...); }, row);
  }
};
template <class A, class B>
struct Codec<std::pair<A, B>> {
  static std::pair<A, B> Read(Reader& in) {
    auto [first, second] = Codec<std::tuple<A, B>>::Read(in);
    return {std::move(first), std::move(second)};
  }
  static void Write(const std::pair<A, B>& row, std::string& out) { Codec<std::tuple<A, B>>::Write({row.first, row.second}, out); }
};

template <class T>
struct Codec<std::optional<T>> {
  static std::optional<T> Read(Reader& in) {
    if (in.Peek() == 'N') {
      in.Tag();
      return std::nullopt;
    }
    return Codec<T>::Read(in);
  }
  static void Write(const std::optional<T>& value, std::string& out) {
    if (value) {
      Codec<T>::Write(*value, out);
    } else {
      out += 'N';
    }
  }
};

// One call: where its arguments stand and what its result is written to.
struct Call {
  Reader arguments;
  uint32_t num_arguments = 0;
  std::string result;
};

template <class R, class... Args, class F>
void Perform(Call& call, F&& function) {
  if (call.num_arguments != sizeof...(Args)) {
    throw BadArgument("the function takes " + std::to_string(sizeof...(Args)) + " arguments, the test gives " +
                      std::to_string(call.num_arguments));
  }
  std::tuple<std::decay_t<Args>...> arguments{Codec<std::decay_t<Args>>::Read(call.arguments)...};
  const auto invoke = [&](auto&... value) -> R { return function(static_cast<Args&&>(value)...); };
  if constexpr (std::is_void_v<R>) {
    std::apply(invoke, arguments);
    call.result += 'N';
  } else {
    Codec<std::decay_t<R>>::Write(std::apply(invoke, arguments), call.result);
  }
}

template <class R, class... Args>
void CallFunction(Call& call, R (*function)(Args...)) {
  Perform<R, Args...>(call, function);
}
template <class R, class C, class... Args>
void CallMethod(Call& call, R (C::*method)(Args...)) {
  C object{};
  Perform<R, Args...>(call, [&](auto&&... args) -> R { return (object.*method)(std::forward<decltype(args)>(args)...); });
}
template <class R, class C, class... Args>
void CallMethod(Call& call, R (C::*method)(Args...) const) {
  C object{};
  Perform<R, Args...>(call, [&](auto&&... args) -> R { return (object.*method)(std::forward<decltype(args)>(args)...); });
}
template <class R, class... Args>
void CallMethod(Call& call, R (*function)(Args...)) {
  Perform<R, Args...>(call, function);
}

inline std::string ReadRequest() {
  std::string request;
  char buffer[1 << 16];
  for (long count = 0; (count = syscall(SYS_read, 3, buffer, sizeof(buffer))) > 0;) {
    request.append(buffer, static_cast<size_t>(count));
  }
  return request;
}

inline void Send(std::string_view nonce, uint32_t index, const std::string& payload) {
  std::string frame(nonce);
  PutLength(index, frame);
  PutLength(payload.size(), frame);
  frame += payload;
  for (size_t done = 0; done < frame.size();) {
    const long count = syscall(SYS_write, 4, frame.data() + done, frame.size() - done);
    if (count <= 0) {
      return;
    }
    done += static_cast<size_t>(count);
  }
}

inline std::string OutcomeHead(char kind, uint32_t parts) {
  std::string out = "T";
  PutLength(parts, out);
  PutText('S', std::string_view(&kind, 1), out);
  return out;
}

inline std::string Raised(const char* name, const char* message) {
  std::string out = OutcomeHead('X', 3);
  out += 'L';
  PutLength(1, out);
  PutText('S', name, out);
  PutText('S', std::string_view(message).substr(0, 300), out);
  return out;
}

struct Target {
  const char* name;
  void (*perform)(Call&);
};

inline std::string Outcome(const Target& target, Call& call) {
  try {
    target.perform(call);
  } catch (const std::bad_alloc&) {
    return Raised("MemoryError", "bad_alloc");
  } catch (const std::exception& error) {
    return Raised("exception", error.what());
  } catch (...) {
    return Raised("exception", "something that is no std::exception");
  }
  constexpr size_t kMaxBytes = size_t{1} << 20;
  return call.result.size() > kMaxBytes ? Raised("TooBig", "a value of more than 1 MiB") : OutcomeHead('V', 2) + call.result;
}

// Performs every call of the request and ends the process.
[[noreturn]] inline void RunCalls(std::initializer_list<Target> targets) {
  const std::string request = ReadRequest();
  Reader in{request.data(), request.data() + request.size()};
  in.Expect('L', "a request");
  in.Length();
  in.Skip();  // setup
  in.Expect('Y', "a nonce");
  Send(in.Text(), 0, OutcomeHead('V', 2) + 'N');
  in.Expect('L', "calls");
  const uint32_t num_calls = in.Length();
  for (uint32_t index = 1; index <= num_calls; ++index) {
    in.Take(5);  // a tuple of four
    in.Tag();
    const std::string_view nonce = in.Text();
    in.Tag();
    const std::string_view name = in.Text();
    Call call;
    Reader arguments = in;
    in.Skip();
    in.Skip();  // keywords
    arguments.Tag();
    call.num_arguments = arguments.Length();
    call.arguments = arguments;
    const Target* target = std::find_if(targets.begin(), targets.end(), [&](const Target& one) { return name == one.name; });
    Send(nonce, index, target == targets.end() ? Raised("exception", "no such function") : Outcome(*target, call));
  }
  for (;;) {
    syscall(SYS_exit_group, 0);
  }
}

}  // namespace cupel_judge
