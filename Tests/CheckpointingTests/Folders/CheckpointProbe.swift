import Checkpointing
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

/// A process of `checkpoint-probe`, which saves checkpoints in children of its own.
final class CheckpointProbe {
    /// What a save in a child said.
    struct Reply {
        /// The number of system calls that can be made to fail, and of bytes, that it took.
        var calls = 0
        var bytes = 0
        /// The calls, a letter each: w(rite), f(sync), m(kdir), r(ename), x for an exchange, s(ymlink), u(nlink), d for rmdir.
        var order = ""
        /// `saved` or `failed` and why; nil where it was killed or stopped.
        var ending: String?
        /// The child that was stopped.
        var stopped: Int32?
    }

    private let process = Process()
    private let commands = Pipe()
    private let replies = Pipe()
    private var unread = Data()

    /// Starts a probe; `wrapper` is a command that starts it.
    init(wrapper: [String] = []) throws {
        // Executables lie beside the tests' own.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let probe = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("checkpoint-probe")
        let command = wrapper + [probe.path]
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = commands
        process.standardOutput = replies
        try process.run()
    }

    deinit {
        try? commands.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    var pid: Int32 { process.processIdentifier }

    /// Saves a checkpoint of numbers that start at `seed`.
    func save(
        _ folder: String, step: Int, seed: Int, _ fault: String = "none", _ value: Int = 0, error: Int32 = 0
    ) throws -> Reply {
        var reply = Reply()
        for line in try answers(to: "save \(folder) \(step) \(seed) \(fault) \(value) \(error)") {
            let words = line.split(separator: " ", maxSplits: 6).map(String.init)
            if words.first == "calls", words.count == 7 {
                (reply.calls, reply.bytes) = (Int(words[1]) ?? 0, Int(words[3]) ?? 0)
                (reply.order, reply.ending) = (words[5], words[6])
            }
            if words.first == "done", words.count > 1 { reply.stopped = Int32(words[1]) }
        }
        return reply
    }

    /// Makes the file system of a folder read-only.
    func makeReadOnly(_ folder: String) throws {
        #expect(try answers(to: "read-only \(folder)").last == "done 0")
    }

    private struct Ended: Error {}

    private func answers(to command: String) throws -> [String] {
        try commands.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
        var lines: [String] = []
        while true {
            while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: unread[..<end], as: UTF8.self))
                unread.removeSubrange(...end)
                if lines.last?.hasPrefix("done") == true { return lines }
            }
            let new = replies.fileHandleForReading.availableData
            guard !new.isEmpty else { throw Ended() }
            unread.append(new)
        }
    }
}

/// Whether a checkpoint is, bit for bit, the one that a probe saved.
func isSaved(_ checkpoint: Checkpoint, step: Int, seed: Int) -> Bool {
    func isSame(_ tensor: Tensor?, _ expected: Tensor) -> Bool {
        guard let tensor, tensor.shape == expected.shape, tensor.dtype == expected.dtype else { return false }
        return tensor.withUnsafeBytes { found in
            expected.withUnsafeBytes { expected in
                guard let one = found.baseAddress, let other = expected.baseAddress else { return false }
                return memcmp(one, other, expected.count) == 0
            }
        }
    }
    return checkpoint.step == step && checkpoint.record == ["seed": .number(Double(seed))]
        && Array(checkpoint.parts.keys) == ["model", "optimizer"]
        && isSame(checkpoint.parts["model"]?["weight"], .arange(50_000, dtype: .float32) + Float(seed))
        && isSame(checkpoint.parts["optimizer"]?["momentum"], .arange(5_000, dtype: .float64) + Float(seed))
}

/// The names in a folder, sorted.
func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
