import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@testable import Checkpointing

@Suite("PyTorch's files at random")
struct PyTorchFuzzTests {
    /// How many mutated files are tried; `LOCKSTEP_FUZZ_CASES` overrides it.
    private static let cases = FuzzInput.cases(defaultCount: 10_000)

    @Test("a mutated file is refused with an error, or its tensors take at most twice its bytes, in a short time")
    func mutations() throws {
        let samples = try FuzzInput.corpus("pth")
        var random = FuzzRandom(state: 20_261_122)
        var refused = 0
        var longest = Duration.zero
        for number in 0..<Self.cases {
            var bytes = samples[number % samples.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) { FuzzInput.mutate(&bytes, &random) }
            longest = max(longest, try duration(of: bytes, refused: &refused))
        }
        #expect(refused > 0 && refused < Self.cases, "mutations that never, or always, matter test nothing")
        #expect(longest < .seconds(20), "files of a few kilobytes")
    }

    @Test("a mutated pickle in a sound archive is refused with an error, or its tensors are as large as it says")
    func pickles() throws {
        let samples = try FuzzInput.corpus("pth").compactMap(Self.files)
        var random = FuzzRandom(state: 20_261_123)
        var refused = 0
        for number in 0..<Self.cases {
            var files = samples[number % samples.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                FuzzInput.mutate(&files[0].data, &random, fragments: Self.fragments)
            }
            _ = try duration(of: PickleSample.archive(files), refused: &refused)
        }
        #expect(refused > 0 && refused < Self.cases, "mutations that never, or always, matter test nothing")
    }

    /// Reads a file, and says how long it took.
    private func duration(of bytes: [UInt8], refused: inout Int) throws -> Duration {
        let start = ContinuousClock.now
        do {
            let contents = try PickleSample.load(bytes)
            var memory: [UnsafeRawPointer: Int] = [:]
            for tensor in contents.tensors.values {
                let count = tensor.withUnsafeBytes { $0.count }
                try #require(count == tensor.shape.reduce(tensor.dtype.byteCount, *))
                memory[tensor.identity] = count
            }
            try #require(memory.values.reduce(0, +) <= 2 * bytes.count + 1 << 16)
        } catch let error as PyTorchFileError {
            #expect(!error.message.isEmpty)
            refused += 1
        }
        return ContinuousClock.now - start
    }

    /// The files of a sound archive, the pickle first; nil for one that is refused.
    private static func files(of archive: [UInt8]) -> [(name: String, data: [UInt8])]? {
        archive.withUnsafeBytes { bytes in
            guard let entries = try? ZipDirectory(bytes, file: "").entries else { return nil }
            return entries.map { entry in
                (String(entry.name.drop { $0 != "/" }.dropFirst()), Array(bytes[entry.data]))
            }
        }
    }

    /// Instructions, and numbers at the limits.
    private static let fragments: [[UInt8]] =
        "NRQ.])}()abestuhq".utf8.map { [$0] } + (0x80...0x96).map { [$0] } + [
            [0x71, 0], [0x68, 0], [0x68, 1], [0x68, 5], [0x4B, 0], [0x4B, 255], [0x4D, 255, 255],
            PickleSample.integer(.max), PickleSample.integer(.min), PickleSample.integer(1 << 40),
            PickleSample.tuple([0]), PickleSample.tuple([1 << 31, 1 << 31]), PickleSample.tensor(),
            PickleSample.global("os", "system"), PickleSample.global("torch", "LongStorage"),
            PickleSample.global("torch._utils", "_rebuild_tensor_v3"), PickleSample.text("storage"),
            [0x8E, 0, 0, 0, 0, 0, 0, 0, 128], [0x58, 255, 255, 255, 255],
        ]
}
