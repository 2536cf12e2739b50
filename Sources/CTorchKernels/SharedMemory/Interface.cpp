// The C functions of shared memory, and the guard around each.
#include "Failure.h"
#include "SharedGroup.h"

#include "CTorchKernels.h"

#include <new>

struct ctk_group_handle {
    ctk::SharedGroup group;
};

struct ctk_buffer_handle {
    std::shared_ptr<ctk::SharedBuffer> buffer;
};

namespace {
thread_local std::string error_message;
thread_local int error_kind = CTK_ERROR_SYSTEM;
thread_local int error_rank = -1;

void record(int kind, int rank, const char *message) noexcept {
    error_kind = kind;
    error_rank = rank;
    try {
        error_message = message;
    } catch (...) {
        error_message.clear();  // no memory even for the message
    }
}

void record_exception() noexcept {
    try {
        throw;
    } catch (const ctk::Failure &failure) {
        record(failure.kind, failure.rank, failure.what());
    } catch (const std::exception &error) {
        record(CTK_ERROR_SYSTEM, -1, error.what());
    } catch (...) {
        record(CTK_ERROR_SYSTEM, -1, "an exception without a message");
    }
}

template <class Body>
bool attempted(Body &&body) noexcept {
    try {
        body();
        return true;
    } catch (...) {
        record_exception();
        return false;
    }
}

template <class Body>
auto made(Body &&body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (...) {
        record_exception();
        return nullptr;
    }
}

size_t size(int64_t value, const char *what) {
    if (value < 0) throw ctk::Failure(CTK_ERROR_INVALID_ARGUMENT, std::string(what) + " is negative");
    return static_cast<size_t>(value);
}

std::byte *bytes(void *data) { return static_cast<std::byte *>(data); }
}  // namespace

const char *ctk_error_message(void) { return error_message.c_str(); }
int32_t ctk_error_kind(void) { return error_kind; }
int32_t ctk_error_rank(void) { return error_rank; }

ctk_group ctk_group_join(int32_t rank, int32_t world_size, ctk_rendezvous rendezvous, int64_t timeout_ms) {
    return made([&] {
        const ctk::JoiningPlace place;
        if (world_size > 1) place.publish(rank, rendezvous);
        return new ctk_group_handle{
            {place, ctk::Members::all(rank, world_size), rendezvous, std::chrono::milliseconds(timeout_ms)}};
    });
}
void ctk_group_release(ctk_group self) { delete self; }
void ctk_group_set_timeout(ctk_group self, int64_t timeout_ms) {
    self->group.set_timeout(std::chrono::milliseconds(timeout_ms));
}
void ctk_group_abort(ctk_group self, const char *reason) {
    attempted([&] { self->group.abort(reason); });
}

bool ctk_all_reduce(ctk_group self, void *data, int64_t count, int8_t dtype, int32_t reduction) {
    return attempted([&] {
        auto &group = self->group;
        group.run(group.all_reduce(bytes(data), size(count, "the count"), {dtype, reduction}));
    });
}
bool ctk_broadcast(ctk_group self, void *data, int64_t count, int32_t root) {
    return attempted([&] { self->group.run(self->group.broadcast(bytes(data), size(count, "the count"), root)); });
}
bool ctk_all_gather(ctk_group self, const void *input, void *output, int64_t count) {
    return attempted([&] {
        auto &group = self->group;
        group.run(group.all_gather(static_cast<const std::byte *>(input), bytes(output), size(count, "the count")));
    });
}
bool ctk_barrier(ctk_group self) {
    return attempted([&] { self->group.run(self->group.barrier()); });
}

ctk_buffer ctk_buffer_allocate(ctk_group self, int64_t count) {
    return made([&] {
        std::shared_ptr<ctk::SharedBuffer> buffer;
        self->group.run(self->group.allocate(size(count, "the size"), buffer));
        return new ctk_buffer_handle{buffer};
    });
}
void ctk_buffer_release(ctk_buffer self) { delete self; }
void *ctk_buffer_data(ctk_buffer self) { return self->buffer->start(); }
int64_t ctk_buffer_bytes(ctk_buffer self) { return static_cast<int64_t>(self->buffer->region.bytes()); }
bool ctk_buffer_all_reduce(
    ctk_group self, ctk_buffer buffer, int64_t offset, int64_t count, int8_t dtype, int32_t reduction) {
    return attempted([&] {
        const ctk::Reduction how{dtype, reduction};
        const size_t element = how.element_bytes(), start = size(offset, "the offset"), number = size(count, "the count");
        const size_t whole = buffer->buffer->region.bytes();
        if (start % element != 0 || start > whole || number > (whole - start) / element) {
            throw ctk::Failure(
                CTK_ERROR_INVALID_ARGUMENT,
                std::to_string(number) + " elements of " + std::to_string(element) + " bytes at offset " +
                    std::to_string(start) + " do not lie within the buffer's " + std::to_string(whole) +
                    " bytes, or not at a multiple of their size");
        }
        self->group.run(self->group.all_reduce(buffer->buffer->start() + start, number, how));
    });
}
