// c10d's key-value stores.
#include "Handles.h"

#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <cstring>
#include <new>

using ctorch::attempted;
using ctorch::made;

namespace {
/// A private function of c10d's store; an explicit instantiation may name it.
template <auto Function>
struct Opened {
    friend int64_t increment(c10d::TCPStore &store, const std::string &key, int64_t value) {
        return (store.*Function)(key, value);
    }
};
int64_t increment(c10d::TCPStore &store, const std::string &key, int64_t value);
template struct Opened<&c10d::TCPStore::incrementValueBy>;

ct_store handle(c10::intrusive_ptr<c10d::Store> store) { return new ct_store_handle{std::move(store)}; }

std::vector<uint8_t> value(const void *bytes, int64_t count) {
    const auto *start = static_cast<const uint8_t *>(bytes);
    return count == 0 ? std::vector<uint8_t>() : std::vector<uint8_t>(start, start + count);
}

void hand_out(const std::vector<uint8_t> &value, void **bytes, int64_t *count) {
    *bytes = std::malloc(value.empty() ? 1 : value.size());
    if (*bytes == nullptr) throw std::bad_alloc();
    if (!value.empty()) std::memcpy(*bytes, value.data(), value.size());
    *count = static_cast<int64_t>(value.size());
}
}  // namespace

ct_store ct_store_tcp(const char *host, ct_tcp_store_options given) {
    return made([&] {
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(given.port);
        options.isServer = given.is_server;
        if (given.world_size > 0) options.numWorkers = static_cast<std::size_t>(given.world_size);
        options.waitWorkers = given.waits_for_workers;
        options.timeout = ctorch::milliseconds(given.timeout_ms);
        return handle(c10::make_intrusive<c10d::TCPStore>(host, options));
    });
}
ct_store ct_store_file(const char *path, int32_t world_size) {
    return made([&] { return handle(c10::make_intrusive<c10d::FileStore>(path, world_size)); });
}
ct_store ct_store_in_process(void) {
    return made([&] { return handle(c10::make_intrusive<c10d::HashStore>()); });
}
ct_store ct_store_prefixed(ct_store self, const char *prefix) {
    return made([&] { return handle(c10::make_intrusive<c10d::PrefixStore>(prefix, self->store)); });
}
ct_store ct_store_clone(ct_store self) {
    return made([&] { return handle(self->store->clone()); });
}
void ct_store_release(ct_store self) { delete self; }

int32_t ct_store_port(ct_store self) {
    const auto *store = dynamic_cast<const c10d::TCPStore *>(self->store.get());
    return store == nullptr ? 0 : store->getPort();
}
bool ct_store_count_workers(ct_store self, int64_t added, int64_t *out) {
    return attempted([&] {
        auto *store = dynamic_cast<c10d::TCPStore *>(self->store.get());
        TORCH_CHECK(store != nullptr, "only a store over TCP counts its workers");
        *out = increment(*store, "init/", added);
    });
}
bool ct_store_set_timeout(ct_store self, int64_t timeout_ms) {
    return attempted([&] { self->store->setTimeout(ctorch::milliseconds(timeout_ms)); });
}
bool ct_store_set(ct_store self, const char *key, const void *bytes, int64_t count) {
    return attempted([&] { self->store->set(key, value(bytes, count)); });
}
bool ct_store_get(ct_store self, const char *key, void **bytes, int64_t *count) {
    return attempted([&] { hand_out(self->store->get(key), bytes, count); });
}
bool ct_store_compare_set(
    ct_store self, const char *key, const void *expected, int64_t expected_count, const void *desired,
    int64_t desired_count, void **bytes, int64_t *count) {
    return attempted([&] {
        hand_out(
            self->store->compareSet(key, value(expected, expected_count), value(desired, desired_count)), bytes, count);
    });
}
bool ct_store_add(ct_store self, const char *key, int64_t value, int64_t *out) {
    return attempted([&] { *out = self->store->add(key, value); });
}
bool ct_store_check(ct_store self, const char *key, bool *out) {
    return attempted([&] { *out = self->store->check({key}); });
}
bool ct_store_wait(ct_store self, const char *const *keys, int32_t count, int64_t timeout_ms) {
    return attempted([&] {
        self->store->wait(std::vector<std::string>(keys, keys + count), ctorch::milliseconds(timeout_ms));
    });
}
bool ct_store_delete(ct_store self, const char *key, bool *out) {
    return attempted([&] { *out = self->store->deleteKey(key); });
}
bool ct_store_key_count(ct_store self, int64_t *out) {
    return attempted([&] { *out = self->store->getNumKeys(); });
}
