// The sum over all ranks as an operation that gradients pass through.
#include "Handles.h"

#include <torch/csrc/autograd/custom_function.h>

namespace {
at::Tensor summed(const c10::intrusive_ptr<ctorch::RecordedBackend> &backend, const at::Tensor &tensor) {
    std::vector<at::Tensor> tensors{tensor.detach().clone(at::MemoryFormat::Contiguous)};
    backend->allreduce(tensors, c10d::AllreduceOptions())->wait(kNoTimeout);
    return tensors.front();
}

struct AllReduceSum : torch::autograd::Function<AllReduceSum> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &tensor,
        const c10::intrusive_ptr<ctorch::RecordedBackend> &backend) {
        context->saved_data["backend"] =
            c10::IValue::make_capsule(c10::static_intrusive_pointer_cast<torch::CustomClassHolder>(backend));
        return summed(backend, tensor);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        auto backend = c10::static_intrusive_pointer_cast<ctorch::RecordedBackend>(
            context->saved_data["backend"].toCapsule());
        return {summed(backend, gradients.front()), at::Tensor()};
    }
};
}  // namespace

ct_tensor ct_group_all_reduce_with_gradient(ct_group self, ct_tensor tensor) {
    return ctorch::guarded([&] { return AllReduceSum::apply(ctorch::retained(tensor), self->backend); });
}
