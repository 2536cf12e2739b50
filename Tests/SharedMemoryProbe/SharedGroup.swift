import CTorchKernels
import Foundation

/// A failure of the shared-memory collectives, as the C interface describes it.
struct SharedMemoryError: Error, CustomStringConvertible {
    let kind: Int
    let rank: Int
    let description: String

    static var last: Self {
        Self(
            kind: Int(ctk_error_kind()), rank: Int(ctk_error_rank()), description: String(cString: ctk_error_message()))
    }
}

/// A group that meets in a folder: each key is a file.
final class SharedGroup: @unchecked Sendable {
    let handle: ctk_group
    let rank: Int
    let worldSize: Int

    init(folder: String, rank: Int, worldSize: Int, timeout: Int = 20_000) throws {
        let box = Unmanaged.passRetained(folder as NSString)
        defer { box.release() }
        let rendezvous = ctk_rendezvous(
            context: box.toOpaque(),
            set: { context, key, value in
                (try? String(cString: value).write(toFile: path(context, key), atomically: true, encoding: .utf8))
                    != nil
            },
            get: { context, key, value, capacity in
                guard let text = try? String(contentsOfFile: path(context, key), encoding: .utf8) else { return 0 }
                guard text.utf8.count < capacity else { return -1 }
                _ = text.withCString { strcpy(value, $0) }
                return 1
            })
        guard let handle = ctk_group_join(Int32(rank), Int32(worldSize), rendezvous, Int64(timeout)) else {
            throw SharedMemoryError.last
        }
        self.handle = handle
        self.rank = rank
        self.worldSize = worldSize
    }

    deinit { ctk_group_release(handle) }

    func allReduce<Element>(_ values: inout [Element], dtype: Int8, reduction: Int = 0) throws {
        let count = values.count
        try values.withUnsafeMutableBytes {
            try checked(ctk_all_reduce(handle, $0.baseAddress, Int64(count), dtype, Int32(reduction)))
        }
    }

    func barrier() throws { try checked(ctk_barrier(handle)) }
    func abort(_ reason: String) { ctk_group_abort(handle, reason) }
    func setTimeout(_ milliseconds: Int) { ctk_group_set_timeout(handle, Int64(milliseconds)) }
}

/// The file that stands for a key.
private func path(_ context: UnsafeMutableRawPointer?, _ key: UnsafePointer<CChar>) -> String {
    let folder = context.map { Unmanaged<NSString>.fromOpaque($0).takeUnretainedValue() as String } ?? ""
    return folder + "/" + String(cString: key).replacingOccurrences(of: "/", with: "-")
}

/// Throws the last error unless a call has succeeded.
func checked(_ succeeded: Bool) throws {
    if !succeeded { throw SharedMemoryError.last }
}
