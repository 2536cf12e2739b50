import Foundation
import Testing
import Torch

@Suite("Memory that is not in use")
struct UnusedMemoryTests {
    /// The kilobytes in memory of the mappings whose header line in `/proc/self/smaps` has all of some words.
    private static func resident(_ words: String...) throws -> Int {
        var isMeant = false
        var sum = 0
        // The system gives such a file a page at a time, of which a string would take the first.
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
        let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            if line.wholeMatch(of: /[0-9a-f]+-[0-9a-f]+ .*/) != nil {
                isMeant = words.allSatisfy { line.contains($0) }
            } else if isMeant, line.hasPrefix("Rss:") {
                sum += line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            }
        }
        return sum
    }

    @Test("code that only ran at the start is let go of, and runs again where it is needed")
    func code() async {
        await #expect(processExitsWith: .success) {
            func product() -> [Float] {
                let generator = Generator(seed: 1)
                let matrix = Tensor.randn([64, 64], generator: generator)
                return matrix.matmul(matrix).array(of: Float.self)
            }
            let expected = product()
            let before = try Self.resident("libtorch_cpu.so", "r-xp")
            LibTorch.releaseUnusedMemory()
            let after = try Self.resident("libtorch_cpu.so", "r-xp")
            #expect(before > 1000 && after < before / 2, "\(before) kB, then \(after) kB")
            #expect(product() == expected)
        }
    }

    @Test("large zeros take no memory until they are written to, and have the shape, strides and type of the other")
    func zeros() async throws {
        let other = Tensor.empty([3, 512, 1024], dtype: .float64).permute(2, 0, 1)
        let zeros = Tensor.zeros(like: other)
        #expect(zeros.shape == other.shape && zeros.strides == other.strides && zeros.dtype == other.dtype)
        #expect(zeros.abs().max().item(as: Double.self) == 0)
        zeros.fill(2)
        #expect(zeros.sum().item(as: Double.self) == Double(2 * zeros.count))

        await #expect(processExitsWith: .success) {
            let other = Tensor.empty([64 << 20])
            let before = try Self.resident("rw-p")
            let zeros = Tensor.zeros(like: other)
            let after = try Self.resident("rw-p")
            #expect(before > 1000 && after - before < 64 << 10, "\(before) kB, then \(after) kB")
            #expect(zeros[12_345_678].item(as: Float.self) == 0)
        }
    }
}
