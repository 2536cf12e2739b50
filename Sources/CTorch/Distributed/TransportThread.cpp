#include "TransportThread.h"

#include <dirent.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <typeinfo>

namespace ctorch {

struct TransportThread::State {
    std::string message;
    std::atomic<bool> has_failed{false};
};

namespace {
using States = std::map<long, std::weak_ptr<TransportThread::State>>;

std::mutex mutex;
// Never destroyed: threads may end while the process does.
States &states = *new States;
std::terminate_handler previous = nullptr;

/// The numbers of this process's threads.
std::set<long> threads() {
    std::set<long> numbers;
    DIR *folder = opendir("/proc/self/task");
    if (folder == nullptr) return numbers;
    while (const dirent *entry = readdir(folder)) {
        if (const long number = std::strtol(entry->d_name, nullptr, 10); number > 0) numbers.insert(number);
    }
    closedir(folder);
    return numbers;
}

std::string current_message() {
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const std::exception &error) {
        return error.what();
    } catch (...) {
        return "an exception without a message";
    }
}

void handle() {
    const std::type_info *type = abi::__cxa_current_exception_type();
    if (type != nullptr && std::strstr(type->name(), "4gloo") != nullptr) {
        std::unique_lock lock(mutex);
        const auto found = states.find(static_cast<long>(gettid()));
        if (const auto state = found == states.end() ? nullptr : found->second.lock()) {
            state->message = current_message();
            state->has_failed = true;
            lock.unlock();
            for (;;) pause();
        }
    }
    if (previous != nullptr) previous();
    std::abort();
}
}  // namespace

std::shared_ptr<TransportThread> TransportThread::started_by(const std::function<void()> &start) {
    static std::once_flag once;
    std::call_once(once, [] { previous = std::set_terminate(handle); });
    auto state = std::make_shared<State>();
    // One at a time: of the threads that are new afterwards, only this group's can be Gloo's.
    std::lock_guard lock(mutex);
    const auto before = threads();
    start();
    for (const long number : threads()) {
        if (before.count(number) == 0) states[number] = state;
    }
    return std::shared_ptr<TransportThread>(new TransportThread(state));
}

TransportThread::~TransportThread() {
    std::lock_guard lock(mutex);
    for (auto entry = states.begin(); entry != states.end();) {
        const auto state = entry->second.lock();
        entry = state == nullptr || state == state_ ? states.erase(entry) : std::next(entry);
    }
}

const char *TransportThread::failure() const { return state_->has_failed ? state_->message.c_str() : nullptr; }

}  // namespace ctorch
