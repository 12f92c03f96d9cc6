#pragma once

#include "policy/kernels/cpu/simd.h"

// Norms, rotary embedding, gates, rounding, the optimizer: work on single rows or single elements. Included only by the path files (see
// simd.h).

namespace cupel::kernels::CUPEL_KERNEL_PATH {
namespace {

// RMSNorm (Zhang, Sennrich 2019, equation 4): y = x r w with r = (mean(x^2) + eps)^-1/2.
template <class T>
void RmsNormAs(const T* x, const float* weight, float eps, int64_t m, int64_t width, T* y, float* rstd) {
  for (int64_t row = 0; row < m; ++row, x += width, y += width) {
    Vec squares = Zero();
    ForEachVec(width, [&](int64_t i, auto lanes) {
      const Vec value = Load(x + i, lanes);
      squares = Fma(value, value, squares);
    });
    const float r = First(Set(1.0f) / Sqrt(Set(Sum(squares) / static_cast<float>(width) + eps)));
    if (rstd != nullptr) {
      rstd[row] = r;
    }
    const Vec scale = Set(r);
    ForEachVec(width, [&](int64_t i, auto lanes) { Store(y + i, Load(x + i, lanes) * scale * Load(weight + i, lanes), lanes); });
  }
}

void RmsNorm(DType type, const void* x, const float* weight, float eps, int64_t m, int64_t width, void* y, float* rstd) {
  if (type == DType::kFloat) {
    RmsNormAs(static_cast<const float*>(x), weight, eps, m, width, static_cast<float*>(y), rstd);
  } else {
    RmsNormAs(static_cast<const bf16*>(x), weight, eps, m, width, static_cast<bf16*>(y), rstd);
  }
}

// With g = dL/dy: dL/dx = r (w g - x r^2 mean(w g x)), dL/dw = sum over rows of g x r.
template <class T>
void RmsNormBackwardAs(const T* x, const float* weight, const float* rstd, const T* grad_y, int64_t m, int64_t width, T* grad_x,
                       float* grad_weight) {
  for (int64_t row = 0; row < m; ++row, x += width, grad_y += width, grad_x += width) {
    Vec products = Zero();
    ForEachVec(width, [&](int64_t i, auto lanes) {
      products = Fma(Load(grad_y + i, lanes) * Load(weight + i, lanes), Load(x + i, lanes), products);
    });
    const float r = rstd[row];
    const Vec scale = Set(r);
    const Vec along_x = Set(r * r * (Sum(products) / static_cast<float>(width)));
    ForEachVec(width, [&](int64_t i, auto lanes) {
      const Vec value = Load(x + i, lanes);
      const Vec grad = Load(grad_y + i, lanes);
      Store(grad_weight + i, Fma(grad * value, scale, Load(grad_weight + i, lanes)), lanes);
      Store(grad_x + i, NegativeFma(value, along_x, grad * Load(weight + i, lanes)) * scale, lanes);
    });
  }
}

void RmsNormBackward(DType type, const void* x, const float* weight, const float* rstd, const void* grad_y, int64_t m, int64_t width,
                     void* grad_x, float* grad_weight) {
  if (type == DType::kFloat) {
    RmsNormBackwardAs(static_cast<const float*>(x), weight, rstd, static_cast<const float*>(grad_y), m, width, static_cast<float*>(grad_x),
                      grad_weight);
  } else {
    RmsNormBackwardAs(static_cast<const bf16*>(x), weight, rstd, static_cast<const bf16*>(grad_y), m, width, static_cast<bf16*>(grad_x),
                      grad_weight);
  }
}

// Rotary embedding (Su et al. 2021) in Llama's order: (a, b) -> (a cos - b sin, b cos + a sin) with a in the first half of a head and b in
// the second.
template <class T>
void RopeAs(T* x, int64_t m, int64_t stride, int64_t heads, int64_t head_dim, const int64_t* positions, const float* cos_sin,
            int direction) {
  const int64_t half = head_dim / 2;
  const Vec sign = Set(static_cast<float>(direction));
  for (int64_t row = 0; row < m; ++row) {
    const float* cosines = cos_sin + positions[row] * head_dim;
    for (int64_t head = 0; head < heads; ++head) {
      T* first = x + row * stride + head * head_dim;
      T* second = first + half;
      ForEachVec(half, [&](int64_t i, auto lanes) {
        const Vec cosine = Load(cosines + i, lanes);
        const Vec sine = Load(cosines + half + i, lanes) * sign;
        const Vec a = Load(first + i, lanes);
        const Vec b = Load(second + i, lanes);
        Store(first + i, NegativeFma(b, sine, a * cosine), lanes);
        Store(second + i, Fma(a, sine, b * cosine), lanes);
      });
    }
  }
}

void Rope(DType type, void* x, int64_t m, int64_t stride, int64_t heads, int64_t head_dim, const int64_t* positions, const float* cos_sin,
          int direction) {
  if (type == DType::kFloat) {
    RopeAs(static_cast<float*>(x), m, stride, heads, head_dim, positions, cos_sin, direction);
  } else {
    RopeAs(static_cast<bf16*>(x), m, stride, heads, head_dim, positions, cos_sin, direction);
  }
}

// SwiGLU (Shazeer 2020): y = a sigmoid(a) b.
template <class T>
void SwiGluAs(const T* x, int64_t m, int64_t ffn, T* y) {
  for (int64_t row = 0; row < m; ++row, x += 2 * ffn, y += ffn) {
    ForEachVec(ffn, [&](int64_t i, auto lanes) {
      const Vec a = Load(x + i, lanes);
      Store(y + i, a * Sigmoid(a) * Load(x + ffn + i, lanes), lanes);
    });
  }
}

void SwiGlu(DType type, const void* x, int64_t m, int64_t ffn, void* y) {
  if (type == DType::kFloat) {
    SwiGluAs(static_cast<const float*>(x), m, ffn, static_cast<float*>(y));
  } else {
    SwiGluAs(static_cast<const bf16*>(x), m, ffn, static_cast<bf16*>(y));
  }
}

// With s = sigmoid(a), g = dL/dy: dL/da = g b s (1 + a (1 - s)), dL/db = g a s.
template <class T>
void SwiGluBackwardAs(const T* x, const T* grad_y, int64_t m, int64_t ffn, T* grad_x) {
  const Vec one = Set(1.0f);
  for (int64_t row = 0; row < m; ++row, x += 2 * ffn, grad_x += 2 * ffn, grad_y += ffn) {
    ForEachVec(ffn, [&](int64_t i, auto lanes) {
      const Vec a = Load(x + i, lanes);
      const Vec b = Load(x + ffn + i, lanes);
      const Vec grad = Load(grad_y + i, lanes);
      const Vec s = Sigmoid(a);
      Store(grad_x + i, grad * b * s * Fma(a, one - s, one), lanes);
      Store(grad_x + ffn + i, grad * a * s, lanes);
    });
  }
}

void SwiGluBackward(DType type, const void* x, const void* grad_y, int64_t m, int64_t ffn, void* grad_x) {
  if (type == DType::kFloat) {
    SwiGluBackwardAs(static_cast<const float*>(x), static_cast<const float*>(grad_y), m, ffn, static_cast<float*>(grad_x));
  } else {
    SwiGluBackwardAs(static_cast<const bf16*>(x), static_cast<const bf16*>(grad_y), m, ffn, static_cast<bf16*>(grad_x));
  }
}

// Loshchilov, Hutter 2019, algorithm 2, with the bias corrections 1 - beta^t given.
void AdamW(float* parameter, float* first_moment, float* second_moment, const float* grad, int64_t n, float grad_scale, float learning_rate,
           double beta1, double beta2, float eps, float weight_decay, float bias_correction1, float bias_correction2, bf16* bf16_copy) {
  const Vec keep = Set(1.0f - learning_rate * weight_decay);
  const Vec step = Set(learning_rate / bias_correction1);
  const Vec root_correction = Sqrt(Set(bias_correction2));
  ForEachVec(n, [&](int64_t i, auto lanes) {
    const Vec g = Load(grad + i, lanes) * Set(grad_scale);
    const Vec mean = Fma(Load(first_moment + i, lanes), Set(static_cast<float>(beta1)), g * Set(static_cast<float>(1.0 - beta1)));
    const Vec square = Fma(Load(second_moment + i, lanes), Set(static_cast<float>(beta2)), g * g * Set(static_cast<float>(1.0 - beta2)));
    const Vec denominator = Sqrt(square) / root_correction + Set(eps);
    const Vec updated = NegativeFma(step, mean / denominator, Load(parameter + i, lanes) * keep);
    Store(first_moment + i, mean, lanes);
    Store(second_moment + i, square, lanes);
    Store(parameter + i, updated, lanes);
    if (bf16_copy != nullptr) {
      Store(bf16_copy + i, updated, lanes);
    }
  });
}

double SumOfSquares(const float* values, int64_t n) {
  DoubleVec sums = DoubleZero();
  ForEachVec(n, [&](int64_t i, auto lanes) {
    const DoubleVec wide = ToDouble(Load(values + i, lanes));
    sums = sums + wide * wide;
  });
  return Sum(sums);
}

void RoundToBf16(const float* in, int64_t n, bf16* out) {
  ForEachVec(n, [&](int64_t i, auto lanes) { Store(out + i, Load(in + i, lanes), lanes); });
}

}  // namespace
}  // namespace cupel::kernels::CUPEL_KERNEL_PATH
