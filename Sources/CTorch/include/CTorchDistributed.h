// The C interface to c10d: stores, process groups, collectives, and the reducer of DistributedDataParallel.
//
// The conventions are CTorch.h's. Handles of stores, groups, works and reducers are owned by whoever received them and
// given back with their `release`; unlike tensors they may be used from any thread.
#ifndef LOCKSTEP_CTORCH_DISTRIBUTED_H
#define LOCKSTEP_CTORCH_DISTRIBUTED_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct ct_store_handle *ct_store;
typedef struct ct_device_handle *ct_device;
typedef struct ct_joining_handle *ct_joining;
typedef struct ct_memory_place_handle *ct_memory_place;
typedef struct ct_group_handle *ct_group;
typedef struct ct_work_handle *ct_work;
typedef struct ct_reducer_handle *ct_reducer;

// --- Stores -----------------------------------------------------------------------------------------

typedef struct {
    int32_t port;        // 0 with `is_server`: any free one
    bool is_server;
    int32_t world_size;  // 0: not known
    bool waits_for_workers;
    int64_t timeout_ms;
} ct_tcp_store_options;
ct_store _Nullable ct_store_tcp(const char *host, ct_tcp_store_options options);
ct_store _Nullable ct_store_file(const char *path, int32_t world_size);
ct_store _Nullable ct_store_in_process(void);
ct_store _Nullable ct_store_prefixed(ct_store self, const char *prefix);
/// A store of the same keys with a connection of its own.
ct_store _Nullable ct_store_clone(ct_store self);
void ct_store_release(ct_store self);
/// The port of a TCP store; 0 for others.
int32_t ct_store_port(ct_store self);
/// Counts `added` more workers of a TCP store, and gives how many there are: what a server waits for.
bool ct_store_count_workers(ct_store self, int64_t added, int64_t *out);
bool ct_store_set_timeout(ct_store self, int64_t timeout_ms);
bool ct_store_set(ct_store self, const char *key, const void *_Nullable bytes, int64_t count);
/// Waits for the key. `bytes` is allocated with malloc and belongs to the caller.
bool ct_store_get(ct_store self, const char *key, void *_Nullable *_Nonnull bytes, int64_t *count);
/// Sets the key if it has the expected value, or if it does not exist and nothing is expected; gives the value it has then.
bool ct_store_compare_set(
    ct_store self, const char *key, const void *_Nullable expected, int64_t expected_count,
    const void *_Nullable desired, int64_t desired_count, void *_Nullable *_Nonnull bytes, int64_t *count);
bool ct_store_add(ct_store self, const char *key, int64_t value, int64_t *out);
bool ct_store_check(ct_store self, const char *key, bool *out);
bool ct_store_wait(ct_store self, const char *_Nonnull const *_Nonnull keys, int32_t count, int64_t timeout_ms);
bool ct_store_delete(ct_store self, const char *key, bool *out);
bool ct_store_key_count(ct_store self, int64_t *out);

// --- Observing collectives -----------------------------------------------------------------------------

enum {
    CT_COLLECTIVE_BROADCAST = 0,
    CT_COLLECTIVE_ALL_REDUCE = 1,
    CT_COLLECTIVE_REDUCE = 2,
    CT_COLLECTIVE_ALL_GATHER = 3,
    CT_COLLECTIVE_GATHER = 4,
    CT_COLLECTIVE_SCATTER = 5,
    CT_COLLECTIVE_REDUCE_SCATTER = 6,
    CT_COLLECTIVE_ALL_TO_ALL = 7,
    CT_COLLECTIVE_BARRIER = 8,
    CT_COLLECTIVE_MONITORED_BARRIER = 9,
    CT_COLLECTIVE_SEND = 10,
    CT_COLLECTIVE_RECEIVE = 11,
    CT_COLLECTIVE_ALLOCATE = 12,
};
enum { CT_RECORDED_DIMENSIONS = 6 };

/// What one rank says of a collective that it enters; all ranks must say the same.
typedef struct {
    uint64_t sequence;  // 1, 2, … in the group; 0 for send and receive, which only two ranks enter
    int64_t element_count;
    int64_t sizes[CT_RECORDED_DIMENSIONS];
    int32_t dimension_count;
    int32_t tensor_count;
    int32_t root;       // -1: none; the other side of send and receive
    int32_t bucket;     // of gradients, counted from 0 in each backward pass; -1: none
    int8_t operation;
    int8_t dtype;       // -1: none, or free to differ
    int8_t reduction;   // -1: none
} ct_collective;

typedef struct {
    void *_Nullable context;
    /// Called before a collective starts, on the thread that starts it. A reason, allocated with malloc, refuses it.
    char *_Nullable (*_Nonnull entered)(void *_Nullable context, const ct_collective *collective);
    /// Called when it has ended, on any thread; `error` is NULL when it succeeded.
    void (*_Nonnull left)(void *_Nullable context, uint64_t sequence, const char *_Nullable error);
    /// Called once, on any thread, when nothing will call the observer any more, also if there is no group in the end.
    void (*_Nonnull released)(void *_Nullable context);
} ct_observer;

/// The descriptor of a new, empty file in memory, of no file system; -1 with `errno` where the system has none.
int32_t ct_memory_file(const char *name);

// --- Process groups -----------------------------------------------------------------------------------

/// Gloo's socket for connections of other ranks, and its thread. `address` is a local address, NULL for the host name's;
/// the port is the first of the range that is free, or any free one with 0 and 0.
ct_device _Nullable ct_device_gloo(const char *_Nullable address, int32_t first_port, int32_t last_port);
/// A group that uses the device keeps it.
void ct_device_release(ct_device self);
/// The port that others connect to; 0 where it could not be found out.
int32_t ct_device_port(ct_device self);
/// The numeric address, without an interface; empty where it could not be found out. It lives as long as the device.
const char *ct_device_address(ct_device self);

/// The coming together of a group's ranks, for a thread that watches the one that waits.
ct_joining _Nullable ct_joining_new(int32_t rank, int32_t world_size);
void ct_joining_release(ct_joining self);
/// The ranks that have not come yet; `ranks` has room for all. Returns how many there are.
int32_t ct_joining_missing(ct_joining self, int32_t *ranks);
/// Ends the wait for other ranks with `reason`; connections in the making go on until their time limit.
void ct_joining_cancel(ct_joining self, const char *reason);

/// Connects the ranks of a group through Gloo: waits for all ranks, however long they take, and then for the connection
/// to each, at most `timeout_ms`, which is also the group's time limit at first. `store` is the group's own.
ct_group _Nullable ct_group_gloo(
    ct_store store, int32_t rank, int32_t world_size, ct_device device, ct_joining joining, int64_t timeout_ms,
    ct_observer observer);
/// Opens the socket at which the other ranks of this machine connect to this one, and publishes it in `store`: from then
/// on they notice when this process ends.
ct_memory_place _Nullable ct_memory_place_new(ct_store store, int32_t rank);
void ct_memory_place_release(ct_memory_place self);
/// Connects the ranks of a group, all of which run on this machine and have published their places, through memory that
/// they share. Waits at most `timeout_ms` for all of them, which is also the group's time limit at first.
ct_group _Nullable ct_group_shm(
    ct_store store, int32_t rank, int32_t world_size, ct_memory_place place, int64_t timeout_ms, ct_observer observer);
/// Connects the ranks of a group on several machines: those of a machine through memory that they share, and all of them,
/// as well as the lowest of each machine, through Gloo. `machines` has a number for each rank, the same for ranks of one
/// machine. It waits as `ct_group_gloo` and `ct_group_shm` do.
ct_group _Nullable ct_group_hierarchical(
    ct_store store, int32_t rank, int32_t world_size, const int32_t *machines, ct_memory_place place, ct_device device,
    ct_joining joining, int64_t timeout_ms, ct_observer observer);
/// Ends the group; what is in progress is given up. Never on a thread of the group's own, such as `left`'s.
void ct_group_release(ct_group self);
/// Fails what is in progress and all that comes with `reason`, and closes the connections; the first reason stays.
void ct_group_abort(ct_group self, const char *reason);
/// Why the backend has stopped reading from the network; NULL while it has not.
const char *_Nullable ct_group_transport_failure(ct_group self);
/// The other ranks whose connections are closed, as far as `capacity` goes; `out` gets them in order. It sends a few
/// bytes to those that are connected, and takes as long as the backend's own threads hold its locks.
int32_t ct_group_closed_connections(ct_group self, int32_t *out, int32_t capacity);
bool ct_group_set_timeout(ct_group self, int64_t timeout_ms);

// Reductions are LibTorch's numbers: 0 sum, 1 average (not Gloo alone), 2 product, 3 min, 4 max.
// `timeout_ms` -1: the group's.

ct_work _Nullable ct_group_broadcast(ct_group self, ct_tensor tensor, int32_t root, int64_t timeout_ms);
ct_work _Nullable ct_group_all_reduce(ct_group self, ct_tensor tensor, int8_t reduction, int64_t timeout_ms);
/// Reduces a contiguous tensor and waits for the result; with shared memory on the calling thread, without a work. Of
/// gradients `bucket` is the number, else -1.
bool ct_group_all_reduce_now(ct_group self, ct_tensor tensor, int8_t reduction, int32_t bucket, int64_t timeout_ms);
/// A vector of zeros, all ranks the same, at the same time: in memory that all of a machine see, so that it is reduced
/// there without copies, or in ordinary memory where the backend has no other. It may outlive the group.
ct_tensor _Nullable ct_group_allocate(ct_group self, int64_t count, int8_t dtype);
ct_work _Nullable ct_group_reduce(ct_group self, ct_tensor tensor, int32_t root, int8_t reduction, int64_t timeout_ms);
/// `outputs` has one tensor a rank.
ct_work _Nullable ct_group_all_gather(
    ct_group self, const ct_tensor _Nonnull *_Nonnull outputs, int32_t count, ct_tensor input, int64_t timeout_ms);
/// `outputs` has one tensor a rank on the root, none elsewhere.
ct_work _Nullable ct_group_gather(
    ct_group self, const ct_tensor _Nonnull *_Nullable outputs, int32_t count, ct_tensor input, int32_t root,
    int64_t timeout_ms);
ct_work _Nullable ct_group_scatter(
    ct_group self, ct_tensor output, const ct_tensor _Nonnull *_Nullable inputs, int32_t count, int32_t root,
    int64_t timeout_ms);
ct_work _Nullable ct_group_reduce_scatter(
    ct_group self, ct_tensor output, const ct_tensor _Nonnull *_Nonnull inputs, int32_t count, int8_t reduction,
    int64_t timeout_ms);
ct_work _Nullable ct_group_all_to_all(
    ct_group self, ct_tensor output, ct_tensor input, const int64_t *_Nullable output_splits,
    const int64_t *_Nullable input_splits, int32_t count, int64_t timeout_ms);
ct_work _Nullable ct_group_send(ct_group self, ct_tensor tensor, int32_t destination, int32_t tag);
ct_work _Nullable ct_group_receive(ct_group self, ct_tensor tensor, int32_t source, int32_t tag);
ct_work _Nullable ct_group_barrier(ct_group self, int64_t timeout_ms);
/// Rank 0 names the ranks that did not come in time, all of them if `wait_for_all`.
bool ct_group_monitored_barrier(ct_group self, int64_t timeout_ms, bool wait_for_all);
/// The sum over all ranks as an operation that gradients pass through (their sum, likewise).
ct_tensor _Nullable ct_group_all_reduce_with_gradient(ct_group self, ct_tensor tensor);

void ct_work_release(ct_work self);
bool ct_work_is_completed(ct_work self);
/// Blocks until the collective has ended; false when it failed, or with `timeout_ms` ≥ 0 was not done by then.
bool ct_work_wait(ct_work self, int64_t timeout_ms);
/// Calls back once, on any thread, at once if the work has ended already.
void ct_work_on_completion(
    ct_work self, void (*callback)(void *_Nullable context, bool succeeded, const char *_Nullable message),
    void *_Nullable context);

// --- DistributedDataParallel -----------------------------------------------------------------------------

/// Compares number, sizes and strides of parameters with rank 0's, as PyTorch's DDP does first.
bool ct_group_verify_parameters(ct_group self, const ct_tensor _Nonnull *_Nonnull parameters, int32_t count);
/// Sends one rank's elements to all, in chunks of `chunk_bytes`. The recorded graph does not notice.
bool ct_group_broadcast_coalesced(
    ct_group self, const ct_tensor _Nonnull *_Nonnull tensors, int32_t count, int64_t chunk_bytes, int32_t root);

typedef struct {
    int64_t first_bucket_bytes;
    int64_t bucket_bytes;
    bool finds_unused;     // the graph is searched for parameters that get no gradient
    bool gradients_as_views;
    bool compresses_to_half;  // the built-in fp16 hook
    // Gradients, all float32 on the CPU, lie one after another, in shared memory where the ranks have such, and are
    // averaged together by `end_backward`; nothing of the above applies then.
    bool averages_at_once;
} ct_reducer_options;
ct_reducer _Nullable ct_reducer_new(
    ct_group group, const ct_tensor _Nonnull *_Nonnull parameters, const char *_Nonnull const *_Nonnull names,
    int32_t count, ct_reducer_options options);
void ct_reducer_release(ct_reducer self);
/// Before the forward pass: starts a new step, and lays the buckets out anew once the order of gradients is known.
bool ct_reducer_begin_forward(ct_reducer self, bool will_reduce);
/// After the forward pass: gradients of the next backward pass are reduced. `outputs` are searched with `finds_unused`.
bool ct_reducer_expect_backward(ct_reducer self, const ct_tensor _Nonnull *_Nullable outputs, int32_t count);
/// After the backward pass, where each parameter has got a gradient: averages those that are averaged at once.
bool ct_reducer_end_backward(ct_reducer self);
/// How long the last backward pass took after all of this rank's gradients were there.
uint64_t ct_reducer_waited(ct_reducer self);
/// The buckets in which gradients are averaged from now on: the parameters' indices in the order of the buckets, and the
/// bucket of each. Returns the number of buckets, 0 where gradients are averaged at once, -1 when it threw; all ranks call
/// it together.
int32_t ct_reducer_layout(ct_reducer self, int32_t *order, int32_t *bucket_of);
/// Averages in such buckets until the order of gradients is known; before the first step.
bool ct_reducer_use_layout(ct_reducer self, const int32_t *order, const int32_t *bucket_of, int32_t count);
/// For each parameter, whether the last backward pass gave it a gradient; `out` has one byte a parameter.
void ct_reducer_used(ct_reducer self, uint8_t *out);
/// Of those that are averaged at once: how many elements are sent in a step, the others being zero on all ranks, and how
/// many there are; zeros for a reducer.
void ct_reducer_elements(ct_reducer self, int64_t *reduced, int64_t *all);
/// How many parameters got a gradient since the last `expect_backward`.
int32_t ct_reducer_used_count(ct_reducer self);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
