#include "Parallel.h"

#include <ATen/Parallel.h>

#include <dlfcn.h>

#include <exception>
#include <mutex>

namespace ctk {

namespace {
// LibTorch's threads are those of the OpenMP library that it comes with. This compiler has none of its own, and a second
// set of threads would take the cores from the first, so that library is asked directly.
using Region = void (*)(void (*)(void *), void *, unsigned, unsigned);
using ThreadNumber = int (*)();

struct OpenMP {
    Region run = reinterpret_cast<Region>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    ThreadNumber number = reinterpret_cast<ThreadNumber>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
    ThreadNumber team_size = reinterpret_cast<ThreadNumber>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));
    bool is_there() const { return run != nullptr && number != nullptr && team_size != nullptr; }
};

const OpenMP &open_mp() {
    static const OpenMP found;
    return found;
}

struct Team {
    void (*body)(void *, int);
    void *context;
    int parts;
    std::mutex mutex;
    std::exception_ptr failure;

    void run() {
        // Fewer threads may come than were asked for.
        const int step = open_mp().team_size();
        for (int part = open_mp().number(); part < parts; part += step) {
            try {
                body(context, part);
            } catch (...) {
                std::lock_guard lock(mutex);
                if (!failure) failure = std::current_exception();
            }
        }
    }
};
}  // namespace

int thread_count() {
    if (at::in_parallel_region() || !open_mp().is_there()) return 1;
    return at::get_num_threads();
}

void run_parts(int parts, void (*body)(void *, int), void *context) {
    if (parts <= 1 || !open_mp().is_there()) {
        for (int part = 0; part < parts; ++part) body(context, part);
        return;
    }
    Team team{body, context, parts, {}, nullptr};
    open_mp().run([](void *opaque) { static_cast<Team *>(opaque)->run(); }, &team, static_cast<unsigned>(parts), 0);
    if (team.failure) std::rethrow_exception(team.failure);
}

}  // namespace ctk
