import CTorchKernels
import Foundation

/// A rank as a process of its own: `shared-memory-probe <loop|time> <folder> <rank> <world size> <time limit in ms>`.
@main
struct SharedMemoryProbe {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let rank = Int(arguments[3]), let worldSize = Int(arguments[4]),
            let timeout = Int(arguments[5])
        else {
            print("usage: shared-memory-probe <loop|time> <folder> <rank> <world size> <time limit in ms>")
            exit(2)
        }
        do {
            let group = try SharedGroup(folder: arguments[2], rank: rank, worldSize: worldSize, timeout: timeout)
            if arguments[1] == "time" {
                try Timing(group: group).run()
            } else {
                try reduceForever(group)
            }
        } catch let error as SharedMemoryError {
            print("failed \(error.kind) \(error.rank) \(error)")
            exit(1)
        } catch {
            print("failed: \(error)")
            exit(1)
        }
    }

    private static func reduceForever(_ group: SharedGroup) throws {
        var values = [Float](repeating: 1, count: 100_000)
        for step in 0... {
            values[0] = 1
            try group.allReduce(&values, dtype: 6, reduction: CTK_MAXIMUM)
            if step == 0 { FileHandle.standardOutput.write(Data("reducing\n".utf8)) }
        }
    }
}

/// How long all-reduces take; printed by rank 0.
struct Timing {
    let group: SharedGroup

    func run() throws {
        for (bytes, repeats) in [(4096, 20_000), (2_700_000, 500), (45_000_000, 30)] {
            let count = bytes / 4
            var values = [Float](repeating: 0, count: count)
            let copying = try median(repeats) { try group.allReduce(&values, dtype: 6) }
            guard let buffer = ctk_buffer_allocate(group.handle, Int64(bytes)) else { throw SharedMemoryError.last }
            defer { ctk_buffer_release(buffer) }
            let shared = try median(repeats) {
                try checked(ctk_buffer_all_reduce(group.handle, buffer, 0, Int64(count), 6, Int32(CTK_SUM)))
            }
            if group.rank == 0 { print("\(bytes) bytes: \(copying) µs with copies, \(shared) µs in shared memory") }
        }
    }

    /// The median duration in microseconds.
    private func median(_ repeats: Int, _ body: () throws -> Void) throws -> Double {
        var durations: [Duration] = []
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            try body()
            durations.append(start.duration(to: .now))
        }
        return (durations.sorted()[repeats / 2] / .microseconds(1) * 100).rounded() / 100
    }
}
