// Collectives between the ranks of one machine, through memory that they share.
//
// Conventions
// - A function that returns a handle returns NULL when it failed; one that returns `bool` returns false.
//   `ctk_error_message`, `ctk_error_kind` and `ctk_error_rank` then describe what happened on this thread.
// - A group belongs to one thread at a time; only `ctk_group_abort` may be called from another.
// - Every rank calls the same collectives in the same order. Where ranks differ, all of them fail and say so.
// - After a failure of a collective the group is of no use any more: each later one repeats the first failure.
// - A dtype is LibTorch's ScalarType number.
#ifndef LOCKSTEP_CTORCH_SHARED_MEMORY_H
#define LOCKSTEP_CTORCH_SHARED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct ctk_group_handle *ctk_group;
typedef struct ctk_buffer_handle *ctk_buffer;

// --- Errors -------------------------------------------------------------------------------------

enum {
    /// The system refused something: memory, descriptors, sockets.
    CTK_ERROR_SYSTEM = 0,
    CTK_ERROR_INVALID_ARGUMENT = 1,
    /// A rank's process has ended, or the rank has left the group.
    CTK_ERROR_PEER_ENDED = 2,
    /// A rank did not come before the time limit.
    CTK_ERROR_TIMED_OUT = 3,
    /// The group was aborted, here or by another rank.
    CTK_ERROR_ABORTED = 4,
    /// The ranks called different collectives.
    CTK_ERROR_MISMATCH = 5,
};
/// The message of the last failure on this thread, valid until the next one.
const char *ctk_error_message(void);
int32_t ctk_error_kind(void);
/// The rank that the last failure on this thread is about; -1: none in particular.
int32_t ctk_error_rank(void);

// --- Groups -------------------------------------------------------------------------------------

/// A key-value store through which the ranks find each other; called on the joining thread alone.
typedef struct {
    void *_Nullable context;
    /// Stores a value; false on failure.
    bool (*_Nonnull set)(void *_Nullable context, const char *key, const char *value);
    /// Looks a value up without waiting for it, and writes it with a final NUL to `value`, which has `capacity` bytes.
    /// 1: found, 0: not there yet, -1: failure, which ends the joining.
    int32_t (*_Nonnull get)(void *_Nullable context, const char *key, char *value, int64_t capacity);
} ctk_rendezvous;

/// Joins the group; returns when all ranks have.
///
/// `timeout_ms` limits the joining and each later collective. The keys are `shm/<rank>`: a store that serves several
/// groups gives each a prefix.
ctk_group _Nullable ctk_group_join(int32_t rank, int32_t world_size, ctk_rendezvous rendezvous, int64_t timeout_ms);
/// Leaves the group. Ranks that still wait for this one fail at once, and say that it has left.
void ctk_group_release(ctk_group group);
void ctk_group_set_timeout(ctk_group group, int64_t timeout_ms);
/// Ends what this rank and the others wait for, from any thread; `reason` is part of their errors.
void ctk_group_abort(ctk_group group, const char *reason);

// --- Collectives --------------------------------------------------------------------------------

/// The reductions, numbered as c10d's.
enum {
    CTK_SUM = 0,
    /// The sum divided by the number of ranks; floating-point types alone.
    CTK_AVERAGE = 1,
    CTK_PRODUCT = 2,
    /// NaN where any rank has NaN, as are those of CTK_MAXIMUM.
    CTK_MINIMUM = 3,
    CTK_MAXIMUM = 4,
    CTK_BITWISE_AND = 5,
    CTK_BITWISE_OR = 6,
    CTK_BITWISE_XOR = 7,
    /// The sum of the elements times one by the number of ranks, each rounded: the average as c10d's reducer computes it.
    /// Floating-point types alone.
    CTK_SUM_OF_SHARES = 8,
};

/// Reduces in place, on every rank, in the order of the ranks: the bits do not depend on sizes or timing.
///
/// 16-bit floating-point types are summed in 32 bits and rounded once. Sums and products of booleans are or and and.
bool ctk_all_reduce(ctk_group group, void *_Nullable data, int64_t count, int8_t dtype, int32_t reduction);
/// Gives every rank the root's bytes.
bool ctk_broadcast(ctk_group group, void *_Nullable data, int64_t bytes, int32_t root);
/// Writes every rank's `bytes` bytes, one rank after the other, to `output` on every rank.
bool ctk_all_gather(ctk_group group, const void *_Nullable input, void *_Nullable output, int64_t bytes);
bool ctk_barrier(ctk_group group);

// --- Memory that all ranks see ------------------------------------------------------------------

/// Memory of this rank that the others see too, zeroed; every rank asks for the same size. Released by
/// `ctk_buffer_release`, also after the group.
ctk_buffer _Nullable ctk_buffer_allocate(ctk_group group, int64_t bytes);
void ctk_buffer_release(ctk_buffer buffer);
/// Where it lies in this process; aligned to a page.
void *ctk_buffer_data(ctk_buffer buffer);
int64_t ctk_buffer_bytes(ctk_buffer buffer);
/// As `ctk_all_reduce`, without copies: in place at `offset` bytes from the start, which every rank gives alike.
bool ctk_buffer_all_reduce(
    ctk_group group, ctk_buffer buffer, int64_t offset, int64_t count, int8_t dtype, int32_t reduction);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
