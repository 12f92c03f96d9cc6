#include "policy/model/onednn.h"

#include <optional>
#include <string_view>

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/Scalar.h>

namespace cupel {
namespace {

using ReorderSchema = at::Tensor(const at::Tensor&, std::optional<int64_t>);
using LinearSchema = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                                c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);

}  // namespace

at::Tensor OnednnReorder(const at::Tensor& weight) {
  static const auto reorder = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_reorder_linear_weight", "").typed<ReorderSchema>();
  return reorder.call(weight, std::nullopt);
}

at::Tensor OnednnLinear(const at::Tensor& x, const at::Tensor& reordered) {
  static const auto linear = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<LinearSchema>();
  return linear.call(x, reordered, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

}  // namespace cupel
