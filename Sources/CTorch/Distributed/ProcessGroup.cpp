// Process groups over Gloo and shared memory, and the collectives.
#include "GlooDevice.h"
#include "HierarchicalBackend.h"
#include "Handles.h"
#include "JoiningStore.h"

#include <SharedMemory/SharedMemoryBackend.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <ATen/ops/empty.h>

#include <algorithm>
#include <csignal>
#include <limits>
#include <mutex>
#include <thread>

using ctorch::attempted;
using ctorch::made;
using ctorch::retained;

struct ct_device_handle {
    ctorch::GlooDevice device;
};

struct ct_joining_handle {
    std::shared_ptr<ctorch::Joining> joining;
};

struct ct_memory_place_handle {
    ctk::JoiningPlace place;
};

namespace {
using Tensors = std::vector<at::Tensor>;

c10d::ReduceOp reduction(int8_t number) {
    return c10d::ReduceOp(static_cast<c10d::ReduceOp::RedOpType>(number));
}

template <class Options>
Options timed(int64_t timeout_ms) {
    Options options;
    if (timeout_ms >= 0) options.timeout = ctorch::milliseconds(timeout_ms);
    return options;
}

ct_work handle(c10::intrusive_ptr<c10d::Work> work) { return new ct_work_handle{std::move(work)}; }

/// Closes the connections of a Gloo group. Gloo has no call for that, but a receive whose time runs out closes them
/// all, and so ends whatever waits for them, here and on the other ranks.
void disconnect(const c10::intrusive_ptr<c10d::ProcessGroupGloo> &gloo, const ctorch::TransportThread &transport) {
    // The parked thread may hold the locks that this needs.
    if (transport.failure() != nullptr) return;
    constexpr int unused_tag = std::numeric_limits<int>::max();
    for (int peer = 0; peer < gloo->getSize(); ++peer) {
        if (peer == gloo->getRank()) continue;
        // A connection that is closed already refuses at once, so the next one is tried.
        attempted([&] {
            Tensors nothing{at::empty({1}, at::kByte)};
            gloo->recv(nothing, peer, unused_tag)->wait(std::chrono::milliseconds(1));
        });
    }
}

/// The ranks whose connections are closed.
std::vector<int> closed_connections(c10d::ProcessGroupGloo &gloo) {
    std::vector<int> closed;
    constexpr int unused_tag = std::numeric_limits<int>::max() - 1;
    for (int peer = 0; peer < gloo.getSize(); ++peer) {
        if (peer == gloo.getRank()) continue;
        // A closed connection refuses a receive; one that is open keeps it, for a message that never comes.
        const bool is_open = attempted([&] {
            Tensors nothing{at::empty({1}, at::kByte)};
            gloo.recv(nothing, peer, unused_tag);
        });
        if (!is_open) closed.push_back(peer);
    }
    return closed;
}

/// Connects ranks through Gloo, which find each other in the store under a prefix.
c10::intrusive_ptr<c10d::ProcessGroupGloo> connected(
    ct_store store, const char *prefix, std::shared_ptr<ctorch::Joining> joining, int rank, int world_size,
    const ctorch::GlooDevice &device, int64_t timeout_ms) {
    auto options = c10d::ProcessGroupGloo::Options::create(ctorch::milliseconds(timeout_ms));
    options->devices.push_back(device.device);
    auto own = c10::make_intrusive<c10d::PrefixStore>(prefix, store->store);
    auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<ctorch::JoiningStore>(own, std::move(joining)), rank, world_size, options);
    gloo->setSequenceNumberForGroup();
    return gloo;
}

/// A group with a backend, and the same as the reducer and other parts of c10d take it.
ct_group group(
    ct_store store, c10d::ProcessGroup::BackendType type, c10::intrusive_ptr<ctorch::RecordedBackend> backend,
    std::shared_ptr<ctorch::TransportThread> transport) {
    auto group = c10::make_intrusive<c10d::ProcessGroup>(store->store, backend->getRank(), backend->getSize());
    group->setBackend(c10::DeviceType::CPU, type, backend);
    group->setDefaultBackend(type);
    return new ct_group_handle{std::move(transport), std::move(backend), std::move(group)};
}
}  // namespace

/// Gloo writes to connections without asking for an error instead of a signal: where SIGPIPE has its default, the death
/// of one rank would kill those that send to it. A handler of the program's own stays.
static void ignore_broken_pipes() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
    });
}

ct_device ct_device_gloo(const char *address, int32_t first_port, int32_t last_port) {
    ignore_broken_pipes();
    return made([&] { return new ct_device_handle{ctorch::open_gloo_device(address, {first_port, last_port})}; });
}
void ct_device_release(ct_device self) {
    attempted([&] { delete self; });
}
int32_t ct_device_port(ct_device self) { return self->device.port; }
const char *ct_device_address(ct_device self) { return self->device.address.c_str(); }

ct_joining ct_joining_new(int32_t rank, int32_t world_size) {
    return made([&] { return new ct_joining_handle{std::make_shared<ctorch::Joining>(rank, world_size)}; });
}
void ct_joining_release(ct_joining self) { delete self; }
int32_t ct_joining_missing(ct_joining self, int32_t *ranks) {
    int32_t count = 0;
    attempted([&] {
        for (const int rank : self->joining->missing()) ranks[count++] = rank;
    });
    return count;
}
void ct_joining_cancel(ct_joining self, const char *reason) {
    attempted([&] { self->joining->cancel(reason); });
}

ct_group ct_group_gloo(
    ct_store store, int32_t rank, int32_t world_size, ct_device device, ct_joining joining, int64_t timeout_ms,
    ct_observer observer) {
    return made([&] {
        auto collectives = std::make_shared<ctorch::CollectiveRegister>(observer);
        auto transport = device->device.transport;
        auto gloo = connected(store, "cpu/", joining->joining, rank, world_size, device->device, timeout_ms);
        auto backend = c10::make_intrusive<ctorch::RecordedBackend>(
            gloo, collectives,
            ctorch::Connections{
                [gloo, transport](const std::string &) { disconnect(gloo, *transport); },
                [gloo] { return closed_connections(*gloo); }, nullptr, nullptr});
        return group(store, c10d::ProcessGroup::BackendType::GLOO, backend, transport);
    });
}

ct_memory_place ct_memory_place_new(ct_store store, int32_t rank) {
    return made([&] {
        auto place = std::make_unique<ct_memory_place_handle>();
        ctk::publish_in(*store->store, place->place, rank);
        return place.release();
    });
}
void ct_memory_place_release(ct_memory_place self) { delete self; }

ct_group ct_group_shm(
    ct_store store, int32_t rank, int32_t world_size, ct_memory_place place, int64_t timeout_ms, ct_observer observer) {
    return made([&] {
        auto collectives = std::make_shared<ctorch::CollectiveRegister>(observer);
        auto shared = c10::make_intrusive<ctk::SharedMemoryBackend>(
            ctk::join_through(
                *store->store, place->place, ctk::Members::all(rank, world_size), ctorch::milliseconds(timeout_ms)));
        auto backend = c10::make_intrusive<ctorch::RecordedBackend>(
            shared, collectives,
            ctorch::Connections{
                [shared](const std::string &reason) { shared->abort_with(reason); }, [shared] { return shared->ended(); },
                [shared](const at::Tensor &tensor, const c10d::AllreduceOptions &options) {
                    shared->all_reduce_now(tensor, options);
                },
                [shared](int64_t count, at::ScalarType dtype) { return shared->allocate(count, dtype); }});
        return group(store, c10d::ProcessGroup::BackendType::CUSTOM, backend, nullptr);
    });
}

ct_group ct_group_hierarchical(
    ct_store store, int32_t rank, int32_t world_size, const int32_t *machine_of_rank, ct_memory_place place,
    ct_device device, ct_joining joining, int64_t timeout_ms, ct_observer observer) {
    return made([&] {
        auto collectives = std::make_shared<ctorch::CollectiveRegister>(observer);
        auto transport = device->device.transport;
        const auto limit = ctorch::milliseconds(timeout_ms);
        const ctorch::Machines machines({machine_of_rank, machine_of_rank + world_size});
        // All ranks first: it is this that is watched for those that are missing.
        auto all = connected(store, "cpu/", joining->joining, rank, world_size, device->device, timeout_ms);
        const auto &members = machines.neighbours(rank);
        auto shared = c10::make_intrusive<ctk::SharedMemoryBackend>(
            ctk::join_through(*store->store, place->place, {machines.place(rank), members}, limit));
        c10::intrusive_ptr<c10d::ProcessGroupGloo> leaders;
        if (machines.place(rank) == 0) {
            const auto own = static_cast<int>(machines.machine(rank));
            const auto count = static_cast<int>(machines.count());
            auto part = std::make_shared<ctorch::Joining>(own, count, joining->joining, limit);
            leaders = connected(store, "machines/", std::move(part), own, count, device->device, timeout_ms);
        }
        // Nobody goes on before all machines are connected.
        shared->run_now(shared->group().barrier(), limit);
        auto hierarchical = c10::make_intrusive<ctorch::HierarchicalBackend>(rank, machines, shared, leaders, all);
        auto close = [shared, leaders, all, transport](const std::string &reason) {
            shared->abort_with(reason);
            if (leaders) disconnect(leaders, *transport);
            disconnect(all, *transport);
        };
        auto closed = [shared, all, members] {
            auto ranks = closed_connections(*all);
            for (const int place : shared->ended()) ranks.push_back(members[static_cast<size_t>(place)]);
            std::sort(ranks.begin(), ranks.end());
            ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
            return ranks;
        };
        auto backend = c10::make_intrusive<ctorch::RecordedBackend>(
            hierarchical, collectives,
            ctorch::Connections{
                close, closed,
                [hierarchical](const at::Tensor &tensor, const c10d::AllreduceOptions &options) {
                    hierarchical->all_reduce_now(tensor, options);
                },
                [hierarchical](int64_t count, at::ScalarType dtype) { return hierarchical->allocate(count, dtype); }});
        return group(store, c10d::ProcessGroup::BackendType::CUSTOM, backend, transport);
    });
}

void ct_group_release(ct_group self) {
    // Gloo's own end waits for what is in progress, however long other ranks take.
    attempted([&] {
        if (self->backend->has_work()) {
            self->backend->abort_with("the group was released while a collective was in progress");
        }
        // With a parked thread its end would never come.
        if (ct_group_transport_failure(self) == nullptr) delete self;
    });
}
const char *ct_group_transport_failure(ct_group self) {
    return self->transport ? self->transport->failure() : nullptr;
}
void ct_group_abort(ct_group self, const char *reason) {
    attempted([&] { self->backend->abort_with(reason); });
}
bool ct_group_set_timeout(ct_group self, int64_t timeout_ms) {
    return attempted([&] { self->backend->setTimeout(ctorch::milliseconds(timeout_ms)); });
}

ct_work ct_group_broadcast(ct_group self, ct_tensor tensor, int32_t root, int64_t timeout_ms) {
    return made([&] {
        Tensors tensors{retained(tensor)};
        auto options = timed<c10d::BroadcastOptions>(timeout_ms);
        options.rootRank = root;
        return handle(self->backend->broadcast(tensors, options));
    });
}
ct_work ct_group_all_reduce(ct_group self, ct_tensor tensor, int8_t number, int64_t timeout_ms) {
    return made([&] {
        Tensors tensors{retained(tensor)};
        auto options = timed<c10d::AllreduceOptions>(timeout_ms);
        options.reduceOp = reduction(number);
        return handle(self->backend->allreduce(tensors, options));
    });
}
bool ct_group_all_reduce_now(ct_group self, ct_tensor tensor, int8_t number, int32_t bucket, int64_t timeout_ms) {
    return attempted([&] {
        auto options = timed<c10d::AllreduceOptions>(timeout_ms);
        options.reduceOp = reduction(number);
        self->backend->all_reduce_now(ctorch::Borrowed(tensor), options, bucket);
    });
}
ct_tensor ct_group_allocate(ct_group self, int64_t count, int8_t dtype) {
    return ctorch::guarded([&] { return self->backend->allocate(count, static_cast<at::ScalarType>(dtype)); });
}
ct_work ct_group_reduce(ct_group self, ct_tensor tensor, int32_t root, int8_t number, int64_t timeout_ms) {
    return made([&] {
        Tensors tensors{retained(tensor)};
        auto options = timed<c10d::ReduceOptions>(timeout_ms);
        options.reduceOp = reduction(number);
        options.rootRank = root;
        return handle(self->backend->reduce(tensors, options));
    });
}
ct_work ct_group_all_gather(ct_group self, const ct_tensor *outputs, int32_t count, ct_tensor input, int64_t timeout_ms) {
    return made([&] {
        std::vector<Tensors> lists{retained(outputs, count)};
        Tensors inputs{retained(input)};
        return handle(self->backend->allgather(lists, inputs, timed<c10d::AllgatherOptions>(timeout_ms)));
    });
}
ct_work ct_group_gather(
    ct_group self, const ct_tensor *outputs, int32_t count, ct_tensor input, int32_t root, int64_t timeout_ms) {
    return made([&] {
        std::vector<Tensors> lists;
        if (count > 0) lists.push_back(retained(outputs, count));
        Tensors inputs{retained(input)};
        auto options = timed<c10d::GatherOptions>(timeout_ms);
        options.rootRank = root;
        return handle(self->backend->gather(lists, inputs, options));
    });
}
ct_work ct_group_scatter(
    ct_group self, ct_tensor output, const ct_tensor *inputs, int32_t count, int32_t root, int64_t timeout_ms) {
    return made([&] {
        Tensors outputs{retained(output)};
        std::vector<Tensors> lists;
        if (count > 0) lists.push_back(retained(inputs, count));
        auto options = timed<c10d::ScatterOptions>(timeout_ms);
        options.rootRank = root;
        return handle(self->backend->scatter(outputs, lists, options));
    });
}
ct_work ct_group_reduce_scatter(
    ct_group self, ct_tensor output, const ct_tensor *inputs, int32_t count, int8_t number, int64_t timeout_ms) {
    return made([&] {
        Tensors outputs{retained(output)};
        std::vector<Tensors> lists{retained(inputs, count)};
        auto options = timed<c10d::ReduceScatterOptions>(timeout_ms);
        options.reduceOp = reduction(number);
        return handle(self->backend->reduce_scatter(outputs, lists, options));
    });
}
ct_work ct_group_all_to_all(
    ct_group self, ct_tensor output, ct_tensor input, const int64_t *output_splits, const int64_t *input_splits,
    int32_t count, int64_t timeout_ms) {
    return made([&] {
        at::Tensor result = retained(output);
        at::Tensor source = retained(input);
        std::vector<int64_t> out, in;
        if (output_splits != nullptr) out.assign(output_splits, output_splits + count);
        if (input_splits != nullptr) in.assign(input_splits, input_splits + count);
        return handle(
            self->backend->alltoall_base(result, source, out, in, timed<c10d::AllToAllOptions>(timeout_ms)));
    });
}
ct_work ct_group_send(ct_group self, ct_tensor tensor, int32_t destination, int32_t tag) {
    return made([&] {
        Tensors tensors{retained(tensor)};
        return handle(self->backend->send(tensors, destination, tag));
    });
}
ct_work ct_group_receive(ct_group self, ct_tensor tensor, int32_t source, int32_t tag) {
    return made([&] {
        Tensors tensors{retained(tensor)};
        return handle(self->backend->recv(tensors, source, tag));
    });
}
ct_work ct_group_barrier(ct_group self, int64_t timeout_ms) {
    return made([&] { return handle(self->backend->barrier(timed<c10d::BarrierOptions>(timeout_ms))); });
}
bool ct_group_monitored_barrier(ct_group self, int64_t timeout_ms, bool wait_for_all) {
    return attempted([&] { self->backend->monitoredBarrier(timed<c10d::BarrierOptions>(timeout_ms), wait_for_all); });
}

void ct_work_release(ct_work self) { delete self; }
bool ct_work_is_completed(ct_work self) {
    bool completed = true;
    attempted([&] { completed = self->work->isCompleted(); });
    return completed;
}
bool ct_work_wait(ct_work self, int64_t timeout_ms) {
    return attempted([&] { self->work->wait(timeout_ms < 0 ? kNoTimeout : ctorch::milliseconds(timeout_ms)); });
}

void ct_work_on_completion(ct_work self, void (*callback)(void *, bool, const char *), void *context) {
    auto report = [callback, context](const std::exception_ptr &error) {
        const bool failed = error != nullptr && !attempted([&] { std::rethrow_exception(error); });
        callback(context, !failed, failed ? ct_error_message() : nullptr);
    };
    auto wait_elsewhere = [work = self->work, report] {
        std::exception_ptr error;
        try {
            work->wait();
        } catch (...) {
            error = std::current_exception();
        }
        report(error);
    };
    c10::intrusive_ptr<c10::ivalue::Future> future;
    attempted([&] { future = self->work->getFuture(); });
    const bool started = attempted([&] {
        if (future) {
            future->addCallback([report](c10::ivalue::Future &future) {
                report(future.hasError() ? future.exception_ptr() : nullptr);
            });
        } else {
            std::thread(wait_elsewhere).detach();
        }
    });
    if (!started) callback(context, false, ct_error_message());
}
