// What DistributedDataParallel is made of: comparison, broadcast, and c10d's reducer.
#include "GradientAverage.h"
#include "Handles.h"

#include <Direct/Gradients.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <torch/csrc/distributed/c10d/logger.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <unordered_map>

using ctorch::attempted;
using ctorch::made;
using ctorch::retained;
using ctk::direct::FlatGradients;
using ctk::direct::GradientHook;
using ctk::direct::Usage;

namespace {
/// What the reducer takes for the group's backend: it numbers the buckets of a backward pass.
class BucketBackend final : public c10d::Backend {
  public:
    explicit BucketBackend(c10::intrusive_ptr<ctorch::RecordedBackend> inner)
        : Backend(inner->getRank(), inner->getSize()), inner_(std::move(inner)) {}

    using Clock = std::chrono::steady_clock;

    void begin_backward() {
        next_bucket_ = 0;
        last_start_ = Clock::now();
    }

    /// When the last bucket was handed over, since its gradients were there.
    Clock::time_point last_start() const { return last_start_; }

    using Works = c10::intrusive_ptr<c10d::Work>;
    using Tensors = std::vector<at::Tensor>;

    const std::string getBackendName() const override { return inner_->getBackendName(); }

    Works allreduce(Tensors &tensors, const c10d::AllreduceOptions &options) override {
        // Which parameters were used travels as integers; buckets are started in order.
        const bool is_bucket = !tensors.empty() && tensors.front().is_floating_point();
        if (is_bucket) last_start_ = Clock::now();
        return inner_->allreduce(tensors, options, is_bucket ? next_bucket_++ : -1);
    }
    Works broadcast(Tensors &tensors, const c10d::BroadcastOptions &options) override {
        return inner_->broadcast(tensors, options);
    }
    Works allgather(
        std::vector<Tensors> &outputs, Tensors &inputs, const c10d::AllgatherOptions &options) override {
        return inner_->allgather(outputs, inputs, options);
    }
    Works barrier(const c10d::BarrierOptions &options) override { return inner_->barrier(options); }

  private:
    c10::intrusive_ptr<ctorch::RecordedBackend> inner_;
    std::atomic<int32_t> next_bucket_{0};
    // Of the thread that runs the backward pass.
    Clock::time_point last_start_;
};

std::vector<std::vector<size_t>> buckets(
    const std::vector<at::Tensor> &parameters, const std::vector<size_t> &limits) {
    auto assignment = std::get<0>(c10d::compute_bucket_assignment_by_size(parameters, limits));
    // Gradients come in roughly the reverse order of the parameters.
    std::reverse(assignment.begin(), assignment.end());
    return assignment;
}
/// Hooks on the nodes that collect the parameters' gradients, which it keeps alive.
class GradientHooks {
  public:
    GradientHooks(
        const std::vector<at::Tensor> &parameters, const std::shared_ptr<Usage> &usage,
        const std::shared_ptr<FlatGradients> &gradients) {
        for (size_t i = 0; i < parameters.size(); ++i) {
            auto node = torch::autograd::impl::grad_accumulator(parameters[i]);
            const auto key = node->add_post_hook(std::make_unique<GradientHook>(usage, gradients, i));
            hooks_.emplace_back(std::move(node), key);
        }
    }
    ~GradientHooks() {
        for (auto &[node, key] : hooks_) node->del_post_hook(key);
    }
    GradientHooks(const GradientHooks &) = delete;
    GradientHooks &operator=(const GradientHooks &) = delete;

  private:
    std::vector<std::pair<ctk::direct::NodePointer, uintptr_t>> hooks_;
};
}  // namespace

struct ct_reducer_handle {
    std::vector<at::Tensor> parameters;
    std::shared_ptr<Usage> usage;
    std::unique_ptr<GradientHooks> hooks;
    c10::intrusive_ptr<ctorch::RecordedBackend> ranks;
    c10::intrusive_ptr<BucketBackend> backend;
    // Null where all gradients are averaged together after the backward pass.
    std::shared_ptr<c10d::Reducer> reducer;
    // The reducer passes its errors through this, and does without none.
    std::shared_ptr<c10d::Logger> logger;
    // Null where the reducer averages.
    std::unique_ptr<ctorch::GradientAverage> average;
    uint64_t waited_nanoseconds = 0;
};

bool ct_group_verify_parameters(ct_group self, const ct_tensor *parameters, int32_t count) {
    return attempted(
        [&] { c10d::verify_params_across_processes(self->group, retained(parameters, count), std::nullopt); });
}

bool ct_group_broadcast_coalesced(
    ct_group self, const ct_tensor *tensors, int32_t count, int64_t chunk_bytes, int32_t root) {
    return attempted([&] {
        std::vector<at::Tensor> aliases;
        aliases.reserve(count);
        // `variable_data` has a version counter of its own: a graph that saved a buffer stays valid.
        for (const auto &tensor : retained(tensors, count)) aliases.push_back(tensor.variable_data());
        c10d::broadcast_coalesced(self->group, aliases, static_cast<size_t>(chunk_bytes), root);
    });
}

ct_reducer ct_reducer_new(
    ct_group group, const ct_tensor *handles, const char *const *names, int32_t count, ct_reducer_options options) {
    return made([&] {
        auto handle = std::make_unique<ct_reducer_handle>();
        handle->parameters = retained(handles, count);
        const auto &parameters = handle->parameters;
        handle->usage = std::make_shared<Usage>(parameters.size());
        handle->ranks = group->backend;
        handle->backend = c10::make_intrusive<BucketBackend>(group->backend);
        if (options.averages_at_once) {
            handle->average = std::make_unique<ctorch::GradientAverage>(parameters, group->backend);
            handle->hooks =
                std::make_unique<GradientHooks>(parameters, handle->usage, handle->average->gradients());
            return handle.release();
        }
        std::unordered_map<size_t, std::string> named;
        for (int32_t i = 0; i < count; ++i) named.emplace(i, names[i]);
        // As PyTorch: one bucket for the first step, after which the order of gradients is known and buckets are laid
        // out by size; a searched graph keeps its first layout.
        std::vector<size_t> limits{static_cast<size_t>(std::numeric_limits<int64_t>::max())};
        if (options.finds_unused) {
            limits = {static_cast<size_t>(options.bucket_bytes)};
            if (options.first_bucket_bytes < options.bucket_bytes) {
                limits.insert(limits.begin(), static_cast<size_t>(options.first_bucket_bytes));
            }
        }

        auto ranks = c10::make_intrusive<c10d::ProcessGroup>(
            group->group->getStore(), group->group->getRank(), group->group->getSize());
        ranks->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, handle->backend);
        ranks->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
        handle->reducer = std::make_shared<c10d::Reducer>(
            parameters, buckets(parameters, limits), ranks, std::vector<bool>(parameters.size(), false),
            options.bucket_bytes, options.finds_unused, options.gradients_as_views, named, options.first_bucket_bytes,
            /* skip_all_reduce_unused_params */ false, /* use_python_reducer */ false,
            std::vector<int64_t>{});
        handle->logger = std::make_shared<c10d::Logger>(handle->reducer);
        handle->reducer->set_logger(handle->logger);
        handle->hooks = std::make_unique<GradientHooks>(parameters, handle->usage, nullptr);
        if (options.compresses_to_half) {
            handle->reducer->register_builtin_comm_hook(c10d::BuiltinCommHookType::FP16_COMPRESS);
        }
        return handle.release();
    });
}

void ct_reducer_release(ct_reducer self) {
    attempted([&] {
        if (self->reducer) self->reducer->remove_autograd_hooks();
        delete self;
    });
}

bool ct_reducer_begin_forward(ct_reducer self, bool will_reduce) {
    return attempted([&] {
        if (!self->reducer) return;
        if (will_reduce) self->reducer->prepare_for_forward();
        self->reducer->rebuild_buckets();
    });
}

bool ct_reducer_expect_backward(ct_reducer self, const ct_tensor *outputs, int32_t count) {
    return attempted([&] {
        self->usage->clear();
        self->backend->begin_backward();
        if (!self->reducer) return;
        self->reducer->prepare_for_backward(count == 0 ? std::vector<at::Tensor>() : retained(outputs, count));
    });
}

bool ct_reducer_end_backward(ct_reducer self) {
    return attempted([&] {
        using Clock = BucketBackend::Clock;
        const Clock::time_point start = self->average ? Clock::now() : self->backend->last_start();
        if (self->average) self->average->average();
        const auto waited = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start);
        self->waited_nanoseconds = static_cast<uint64_t>(std::max<int64_t>(0, waited.count()));
    });
}
uint64_t ct_reducer_waited(ct_reducer self) { return self->waited_nanoseconds; }

int32_t ct_reducer_layout(ct_reducer self, int32_t *order, int32_t *bucket_of) {
    int32_t buckets = 0;
    const bool is_known = attempted([&] {
        if (!self->reducer) return;
        // From the second step on; a checkpoint of the first is followed by that.
        self->reducer->rebuild_buckets();
        std::unordered_map<const void *, int32_t> indices;
        for (size_t i = 0; i < self->parameters.size(); ++i) {
            indices.emplace(self->parameters[i].unsafeGetTensorImpl(), static_cast<int32_t>(i));
        }
        size_t place = 0;
        for (const c10d::GradBucket &bucket : self->reducer->get_grad_buckets()) {
            for (const at::Tensor &parameter : bucket.getParameters()) {
                order[place] = indices.at(parameter.unsafeGetTensorImpl());
                bucket_of[place++] = buckets;
            }
            ++buckets;
        }
    });
    return is_known ? buckets : -1;
}

bool ct_reducer_use_layout(ct_reducer self, const int32_t *order, const int32_t *bucket_of, int32_t count) {
    return attempted([&] {
        if (!self->reducer) return;
        std::vector<std::vector<size_t>> layout;
        for (int32_t i = 0; i < count; ++i) {
            if (i == 0 || bucket_of[i] != bucket_of[i - 1]) layout.emplace_back();
            layout.back().push_back(static_cast<size_t>(order[i]));
        }
        self->reducer->initialize_buckets(std::move(layout));
    });
}

void ct_reducer_used(ct_reducer self, uint8_t *out) {
    for (size_t i = 0; i < self->usage->size(); ++i) out[i] = (*self->usage)[i] ? 1 : 0;
}
void ct_reducer_elements(ct_reducer self, int64_t *reduced, int64_t *all) {
    *reduced = *all = 0;
    if (self->average) {
        *reduced = self->average->reduced_elements();
        *all = self->average->elements();
    }
}
int32_t ct_reducer_used_count(ct_reducer self) { return self->usage->count(); }
