#include "policy/checkpoint/dequantize.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "policy/checkpoint/float_formats.h"

// Layouts below are written `field[length]@byte offset`. d, m and dmin are halfs. n, j, h, l, b, r are functions of the element index as in
// the code. The functions are plain loops; the compiler vectorises the inner ones, and 100 MB take a fraction of a second.

namespace cupel {
namespace {

float HalfAt(const uint8_t* bytes) { return HalfToFloat(LoadLittleEndian<uint16_t>(bytes)); }

void FromF32(const uint8_t* in, int64_t count, float* out) { std::memcpy(out, in, static_cast<size_t>(count) * sizeof(float)); }

void FromF16(const uint8_t* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = HalfAt(in + 2 * i);
}

void FromBf16(const uint8_t* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = Bf16ToFloat(LoadLittleEndian<uint16_t>(in + 2 * i));
}

// d@0 q[16]@2: the low halves of the 16 bytes are elements 0-15, the high halves 16-31.
void FromQ4_0(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 18, out += 32) {
    const float d = HalfAt(in);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>((in[2 + i] & 15) - 8) * d;
      out[i + 16] = static_cast<float>((in[2 + i] >> 4) - 8) * d;
    }
  }
}

// d@0 m@2 q[16]@4
void FromQ4_1(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 20, out += 32) {
    const float d = HalfAt(in);
    const float m = HalfAt(in + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(in[4 + i] & 15) * d + m;
      out[i + 16] = static_cast<float>(in[4 + i] >> 4) * d + m;
    }
  }
}

// The fifth bit of element i is bit i of the word.
int FifthBit(uint32_t word, int i) { return static_cast<int>((word >> i) & 1u) << 4; }

// d@0 fifth bits (u32)@2 q[16]@6
void FromQ5_0(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 22, out += 32) {
    const float d = HalfAt(in);
    const auto fifth = LoadLittleEndian<uint32_t>(in + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(((in[6 + i] & 15) | FifthBit(fifth, i)) - 16) * d;
      out[i + 16] = static_cast<float>((in[6 + i] >> 4 | FifthBit(fifth, i + 16)) - 16) * d;
    }
  }
}

// d@0 m@2 fifth bits (u32)@4 q[16]@8
void FromQ5_1(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 24, out += 32) {
    const float d = HalfAt(in);
    const float m = HalfAt(in + 2);
    const auto fifth = LoadLittleEndian<uint32_t>(in + 4);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>((in[8 + i] & 15) | FifthBit(fifth, i)) * d + m;
      out[i + 16] = static_cast<float>(in[8 + i] >> 4 | FifthBit(fifth, i + 16)) * d + m;
    }
  }
}

// d@0 int8 q[32]@2
void FromQ8_0(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 34, out += 32) {
    const float d = HalfAt(in);
    for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(static_cast<int8_t>(in[2 + i])) * d;
  }
}

// As Q4_0, with 16 levels from a table.
void FromIq4Nl(const uint8_t* in, int64_t num_blocks, float* out) {
  constexpr std::array<float, 16> kLevels = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  for (int64_t block = 0; block < num_blocks; ++block, in += 18, out += 32) {
    const float d = HalfAt(in);
    for (size_t i = 0; i < 16; ++i) {
      out[i] = d * kLevels[in[2 + i] & 15u];
      out[i + 16] = d * kLevels[in[2 + i] >> 4];
    }
  }
}

// scales[16]@0 q[64]@16 d@80 dmin@82: 16 runs of 16 elements, each with a 4-bit scale and a 4-bit minimum.
void FromQ2K(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 84, out += 256) {
    const float d = HalfAt(in + 80);
    const float dmin = HalfAt(in + 82);
    for (int run = 0; run < 16; ++run) {
      const int n = run / 8 * 128, j = run / 2 % 4, h = run % 2;
      const float scale = d * static_cast<float>(in[run] & 15);
      const float minimum = dmin * static_cast<float>(in[run] >> 4);
      const uint8_t* q = in + 16 + n / 4 + 16 * h;
      for (int l = 0; l < 16; ++l) out[16 * run + l] = scale * static_cast<float>((q[l] >> (2 * j)) & 3) - minimum;
    }
  }
}

// hmask[32]@0 q[64]@32 S[12]@96 d@108: as Q2_K with a third bit in hmask and 6-bit scales, low four bits in S[0-7], high two in S[8-11].
void FromQ3K(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 110, out += 256) {
    const float d = HalfAt(in + 108);
    const uint8_t* packed = in + 96;
    for (int run = 0; run < 16; ++run) {
      const int n = run / 8 * 128, j = run / 2 % 4, h = run % 2;
      const int low = run < 8 ? packed[run] & 15 : packed[run - 8] >> 4;
      const int high = (packed[8 + run % 4] >> (2 * (run / 4))) & 3;
      const float scale = d * static_cast<float>((low | high << 4) - 32);
      const uint8_t* q = in + 32 + n / 4 + 16 * h;
      const uint8_t* hmask = in + 16 * h;
      for (int l = 0; l < 16; ++l) {
        const int third = (hmask[l] >> (n / 32 + j)) & 1;
        out[16 * run + l] = scale * static_cast<float>(((q[l] >> (2 * j)) & 3) - (third != 0 ? 0 : 4));
      }
    }
  }
}

// Scale and minimum of run b of 32 elements, 6 bits each, from the 12 bytes that Q4_K and Q5_K share.
std::pair<int, int> ScaleAndMinimum(const uint8_t* packed, int b) {
  if (b < 4) return {packed[b] & 63, packed[b + 4] & 63};
  return {(packed[b + 4] & 15) | packed[b - 4] >> 6 << 4, packed[b + 4] >> 4 | packed[b] >> 6 << 4};
}

// d@0 dmin@2 S[12]@4 q[128]@16
void FromQ4K(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 144, out += 256) {
    const float d = HalfAt(in);
    const float dmin = HalfAt(in + 2);
    for (int b = 0; b < 8; ++b) {
      const auto [sc, m] = ScaleAndMinimum(in + 4, b);
      const float scale = d * static_cast<float>(sc);
      const float minimum = dmin * static_cast<float>(m);
      const uint8_t* q = in + 16 + 32 * (b / 2);
      for (int l = 0; l < 32; ++l) out[32 * b + l] = scale * static_cast<float>((q[l] >> (4 * (b % 2))) & 15) - minimum;
    }
  }
}

// d@0 dmin@2 S[12]@4 fifth bits[32]@16 q[128]@48
void FromQ5K(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 176, out += 256) {
    const float d = HalfAt(in);
    const float dmin = HalfAt(in + 2);
    for (int b = 0; b < 8; ++b) {
      const auto [sc, m] = ScaleAndMinimum(in + 4, b);
      const float scale = d * static_cast<float>(sc);
      const float minimum = dmin * static_cast<float>(m);
      const uint8_t* q = in + 48 + 32 * (b / 2);
      for (int l = 0; l < 32; ++l) {
        const int value = ((q[l] >> (4 * (b % 2))) & 15) | ((in[16 + l] >> b) & 1) << 4;
        out[32 * b + l] = scale * static_cast<float>(value) - minimum;
      }
    }
  }
}

// ql[128]@0 qh[64]@128 int8 scales[16]@192 d@208
void FromQ6K(const uint8_t* in, int64_t num_blocks, float* out) {
  for (int64_t block = 0; block < num_blocks; ++block, in += 210, out += 256) {
    const float d = HalfAt(in + 208);
    for (int run = 0; run < 16; ++run) {
      const int n = run / 8 * 128, r = run / 2 % 4, first = run % 2 * 16;
      const float scale = d * static_cast<float>(static_cast<int8_t>(in[192 + run]));
      const uint8_t* low = in + n / 2 + 32 * (r & 1) + first;
      const uint8_t* high = in + 128 + n / 4 + first;
      for (int l = 0; l < 16; ++l) {
        const int value = ((r < 2 ? low[l] & 15 : low[l] >> 4) | ((high[l] >> (2 * r)) & 3) << 4) - 32;
        out[16 * run + l] = scale * static_cast<float>(value);
      }
    }
  }
}

constexpr std::array<GgmlType, 14> kTypes = {{{0, "F32", 1, 4, FromF32},
                                              {1, "F16", 1, 2, FromF16},
                                              {2, "Q4_0", 32, 18, FromQ4_0},
                                              {3, "Q4_1", 32, 20, FromQ4_1},
                                              {6, "Q5_0", 32, 22, FromQ5_0},
                                              {7, "Q5_1", 32, 24, FromQ5_1},
                                              {8, "Q8_0", 32, 34, FromQ8_0},
                                              {10, "Q2_K", 256, 84, FromQ2K},
                                              {11, "Q3_K", 256, 110, FromQ3K},
                                              {12, "Q4_K", 256, 144, FromQ4K},
                                              {13, "Q5_K", 256, 176, FromQ5K},
                                              {14, "Q6_K", 256, 210, FromQ6K},
                                              {20, "IQ4_NL", 32, 18, FromIq4Nl},
                                              {30, "BF16", 1, 2, FromBf16}}};

// Types that ggml has and FindGgmlType does not, so that messages can name them.
constexpr std::array<std::pair<uint32_t, std::string_view>, 19> kOtherTypes = {{{9, "Q8_1"},
                                                                                {15, "Q8_K"},
                                                                                {16, "IQ2_XXS"},
                                                                                {17, "IQ2_XS"},
                                                                                {18, "IQ3_XXS"},
                                                                                {19, "IQ1_S"},
                                                                                {21, "IQ3_S"},
                                                                                {22, "IQ2_S"},
                                                                                {23, "IQ4_XS"},
                                                                                {24, "I8"},
                                                                                {25, "I16"},
                                                                                {26, "I32"},
                                                                                {27, "I64"},
                                                                                {28, "F64"},
                                                                                {29, "IQ1_M"},
                                                                                {34, "TQ1_0"},
                                                                                {35, "TQ2_0"},
                                                                                {39, "MXFP4"},
                                                                                {40, "NVFP4"}}};

}  // namespace

const GgmlType* FindGgmlType(uint32_t id) {
  for (const GgmlType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

std::string GgmlTypeName(uint32_t id) {
  if (const GgmlType* type = FindGgmlType(id)) return std::string(type->name);
  for (const auto& [other_id, name] : kOtherTypes) {
    if (other_id == id) return std::string(name);
  }
  return fmt::format("type {}", id);
}

std::string GgmlTypeNames() {
  std::string names;
  for (const GgmlType& type : kTypes) {
    if (!names.empty()) names += ", ";
    names += type.name;
  }
  return names;
}

}  // namespace cupel
