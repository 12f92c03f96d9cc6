#include "policy/model/record.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include "base/check.h"

namespace cupel {
namespace {

class RecordedOperation final : public torch::autograd::Node {
 public:
  explicit RecordedOperation(BackwardFunction backward) : backward_(std::move(backward)) {}

  torch::autograd::variable_list apply(torch::autograd::variable_list&& grads) override {
    Check(backward_ != nullptr, "an operation is differentiated once");
    return backward_(grads.at(0).contiguous());
  }
  void release_variables() override { backward_ = nullptr; }

 private:
  BackwardFunction backward_;
};

}  // namespace

bool IsRecording(const at::Tensor& input) { return at::GradMode::is_enabled() && input.requires_grad(); }

void Record(at::Tensor& output, const std::vector<at::Tensor>& inputs, BackwardFunction backward) {
  if (std::none_of(inputs.begin(), inputs.end(), IsRecording)) {
    return;
  }
  std::shared_ptr<RecordedOperation> node(new RecordedOperation(std::move(backward)), torch::autograd::deleteNode);
  torch::autograd::edge_list edges;
  for (const at::Tensor& input : inputs) {
    edges.push_back(torch::autograd::impl::gradient_edge(input));
  }
  node->set_next_edges(std::move(edges));
  torch::autograd::set_history(output, node);
}

at::Tensor Recomputed(const std::function<at::Tensor(const at::Tensor&)>& forward, const at::Tensor& x) {
  if (!IsRecording(x)) {
    return forward(x);
  }
  at::Tensor y;
  {
    const at::NoGradGuard no_grad;
    y = forward(x);
  }
  Record(y, {x}, [forward, kept = x.detach()](const at::Tensor& grad) -> std::vector<at::Tensor> {
    const at::AutoGradMode with_grad(true);
    const at::Tensor input = kept.detach().requires_grad_(true);
    forward(input).backward(grad);
    return {input.grad()};
  });
  return y;
}

}  // namespace cupel
