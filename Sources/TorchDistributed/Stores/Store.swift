import CTorch
import Foundation
import Torch

/// Keys and values that all ranks of a job share (PyTorch's `Store`).
///
/// Ranks find each other through one; a value is a few bytes. Every operation may be called from any thread.
/// ```swift
/// let store = try Store.tcp(host: "10.0.0.1", port: 29500, isServer: rank == 0, worldSize: 4)
/// try store.set("ready/\(rank)", "yes")
/// let state = try store.text("ready/0")      // waits until it is there
/// ```
public final class Store: Sendable {
    /// How long `get` and its like wait for a key, unless told otherwise.
    public let timeout: Duration

    nonisolated(unsafe) let handle: ct_store
    /// Where a store over TCP is served; nil for others.
    let server: StoreServer?

    init(owning handle: ct_store, timeout: Duration, server: StoreServer? = nil) {
        self.handle = handle
        self.server = server
        self.timeout = timeout
        // Only a broken store refuses a time limit, and its first use says so.
        _ = ct_store_set_timeout(handle, timeout.milliseconds)
    }

    deinit { ct_store_release(handle) }

    /// Sets a key.
    ///
    /// - Throws: ``DistributedError`` when the server cannot be reached.
    public func set(_ key: String, _ value: [UInt8]) throws {
        try require(value.withUnsafeBytes { ct_store_set(handle, key, $0.baseAddress, Int64($0.count)) }, "set", key)
    }

    /// Sets a key to a text.
    public func set(_ key: String, _ text: String) throws {
        try set(key, Array(text.utf8))
    }

    /// The value of a key; waits until some rank has set it.
    ///
    /// - Throws: ``DistributedError`` with `timedOut` after ``timeout``.
    public func get(_ key: String) throws -> [UInt8] {
        var bytes: UnsafeMutableRawPointer?
        var count: Int64 = 0
        try require(ct_store_get(handle, key, &bytes, &count), "get", key)
        return taken(bytes, count)
    }

    /// The value of a key as a text; waits until some rank has set it.
    public func text(_ key: String) throws -> String {
        String(decoding: try get(key), as: UTF8.self)
    }

    /// Adds to a counter, which starts at 0, and returns what it has then.
    @discardableResult
    public func add(_ key: String, _ value: Int) throws -> Int {
        var result: Int64 = 0
        try require(ct_store_add(handle, key, Int64(value), &result), "add", key)
        return Int(result)
    }

    /// Sets a key to `desired` if its value is `expected`, or if it does not exist and nothing is expected.
    ///
    /// - Returns: the value that the key has then.
    public func compareSet(_ key: String, expected: [UInt8], desired: [UInt8]) throws -> [UInt8] {
        var bytes: UnsafeMutableRawPointer?
        var count: Int64 = 0
        let succeeded = expected.withUnsafeBytes { old in
            desired.withUnsafeBytes { new in
                ct_store_compare_set(
                    handle, key, old.baseAddress, Int64(old.count), new.baseAddress, Int64(new.count), &bytes, &count)
            }
        }
        try require(succeeded, "compareSet", key)
        return taken(bytes, count)
    }

    /// Whether a key exists, without waiting.
    public func contains(_ key: String) throws -> Bool {
        var result = false
        try require(ct_store_check(handle, key, &result), "contains", key)
        return result
    }

    /// Waits until all of the keys exist.
    ///
    /// - Throws: ``DistributedError`` with `timedOut` after `timeout`, or the store's own.
    public func wait(for keys: [String], timeout: Duration? = nil) throws {
        let strings = keys.map { strdup($0) }
        defer { for string in strings { free(string) } }
        let names = strings.compactMap { $0.map { UnsafePointer<CChar>($0) } }
        let succeeded = names.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return true }
            return ct_store_wait(handle, base, Int32(buffer.count), (timeout ?? self.timeout).milliseconds)
        }
        try require(succeeded, "wait", keys.joined(separator: ", "))
    }

    /// Deletes a key, and returns whether it was there; a file's store says that it was in any case.
    @discardableResult
    public func delete(_ key: String) throws -> Bool {
        var result = false
        try require(ct_store_delete(handle, key, &result), "delete", key)
        return result
    }

    /// The number of keys, those of c10d itself included.
    public func keyCount() throws -> Int {
        var result: Int64 = 0
        try require(ct_store_key_count(handle, &result), "keyCount", "")
        return Int(result)
    }

    private func require(_ succeeded: Bool, _ operation: String, _ key: String) throws {
        guard !succeeded else { return }
        let error = DistributedError.last("store.\(operation)(\(key))")
        throw error.code == .failed ? DistributedError(.storeFailed, error.message) : error
    }

    private func taken(_ bytes: UnsafeMutableRawPointer?, _ count: Int64) -> [UInt8] {
        defer { free(bytes) }
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    }
}

extension Duration {
    /// Whole milliseconds, at least 1 for anything above zero.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds < 1 << 40 else { return 1 << 50 }
        return max(self > .zero ? 1 : 0, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
