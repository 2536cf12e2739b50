// Loops over the threads that LibTorch's own operations use.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace ctk {

/// The threads that a loop may use here: one inside a loop that is parallel already.
int thread_count();

/// Runs `body(context, part)` for each part from 0 to `parts`, each on a thread of its own; returns when all have ended.
void run_parts(int parts, void (*body)(void *context, int part), void *context);

/// Runs `body(begin, end)` over parts of a range that are as even as can be, at least `grain` long.
///
/// Which elements fall into a part depends on the number of threads: what is summed over a part must not.
template <class Body>
void parallel_for(int64_t begin, int64_t end, int64_t grain, Body &&body) {
    const int64_t count = end - begin;
    if (count <= 0) return;
    const int64_t most = std::max<int64_t>(1, count / std::max<int64_t>(1, grain));
    const int parts = static_cast<int>(std::min<int64_t>(most, thread_count()));
    if (parts <= 1) {
        body(begin, end);
        return;
    }
    struct Context {
        std::remove_reference_t<Body> &body;
        int64_t begin, count, parts;
    } context{body, begin, count, parts};
    run_parts(
        parts,
        [](void *opaque, int part) {
            auto &[body, begin, count, parts] = *static_cast<Context *>(opaque);
            body(begin + count * part / parts, begin + count * (part + 1) / parts);
        },
        &context);
}

/// Calls `body(part, parts)` once on each thread, with `part` from 0 up to `parts`; returns when all have ended.
///
/// Work below `least` (of `work`, in whatever it is counted) stays on this thread.
template <class Body>
void in_parallel(int64_t work, int64_t least, Body &&body) {
    struct Context {
        std::remove_reference_t<Body> &body;
        int parts;
    } context{body, work < least ? 1 : thread_count()};
    run_parts(
        context.parts,
        [](void *opaque, int part) {
            auto &[body, parts] = *static_cast<Context *>(opaque);
            body(part, parts);
        },
        &context);
}

}  // namespace ctk
