// The objects behind the handles of CTorchDistributed.h.
#pragma once

#include "../Guard.h"
#include "CTorchDistributed.h"

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>

#include "RecordedBackend.h"
#include "TransportThread.h"

struct ct_store_handle {
    c10::intrusive_ptr<c10d::Store> store;
};

struct ct_work_handle {
    c10::intrusive_ptr<c10d::Work> work;
};

struct ct_group_handle {
    std::shared_ptr<ctorch::TransportThread> transport;
    c10::intrusive_ptr<ctorch::RecordedBackend> backend;
    /// The same backend as the reducer and other parts of c10d take it.
    c10::intrusive_ptr<c10d::ProcessGroup> group;
};

namespace ctorch {

inline std::chrono::milliseconds milliseconds(int64_t value) { return std::chrono::milliseconds(value); }

/// Runs `body`, which returns a new handle; NULL when it threw.
template <class Body>
auto made(Body &&body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (...) {
        record_exception();
        return nullptr;
    }
}

}  // namespace ctorch
