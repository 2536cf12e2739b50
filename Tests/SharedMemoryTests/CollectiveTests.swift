import CTorchKernels
import Foundation
import Testing

@testable import shared_memory_probe

@Suite(.serialized) struct CollectiveTests {
    @Test(arguments: 1...4, [0, 1, 5000, 1_000_000])
    func `every rank has the root's bytes after a broadcast`(worldSize: Int, size: Int) throws {
        let results = try onRanks(worldSize) { group in
            try (0..<worldSize).map { root in
                var bytes = Data(repeating: UInt8(group.rank + 10 * root), count: size)
                try bytes.withUnsafeMutableBytes {
                    try checked(ctk_broadcast(group.handle, $0.baseAddress, Int64(size), Int32(root)))
                }
                return bytes
            }
        }
        for result in results {
            for root in 0..<worldSize { #expect(result[root] == Data(repeating: UInt8(11 * root), count: size)) }
        }
    }

    @Test(arguments: 1...4, [0, 1, 5000, 1_000_000])
    func `an all-gather puts the ranks' bytes one after the other`(worldSize: Int, size: Int) throws {
        let results = try onRanks(worldSize) { group in
            let input = Data(repeating: UInt8(group.rank), count: size)
            var output = Data(count: size * worldSize)
            try input.withUnsafeBytes { source in
                try output.withUnsafeMutableBytes {
                    try checked(ctk_all_gather(group.handle, source.baseAddress, $0.baseAddress, Int64(size)))
                }
            }
            return output
        }
        let expected = (0..<worldSize).reduce(into: Data()) { $0 += Data(repeating: UInt8($1), count: size) }
        for result in results { #expect(result == expected) }
    }

    @Test func `collectives of all kinds and sizes follow each other without mixing`() throws {
        let worldSize = 3
        let isRight = try onRanks(worldSize) { group in
            var generator = SystemRandomNumberGenerator()
            for step in 0..<300 {
                // Ranks come at different times.
                if Int.random(in: 0..<worldSize, using: &generator) == group.rank { usleep(UInt32(step % 7) * 50) }
                let size = [1, 4096, 5000, 65_537, 200_000][step % 5]
                var values = [Int32](repeating: Int32(step + group.rank), count: size)
                if step % 3 == 0 {
                    try values.withUnsafeMutableBytes {
                        try checked(
                            ctk_broadcast(group.handle, $0.baseAddress, Int64($0.count), Int32(step % worldSize)))
                    }
                    guard values.allSatisfy({ $0 == step + step % worldSize }) else { return false }
                } else {
                    try group.allReduce(&values, dtype: 3)
                    guard values.allSatisfy({ $0 == 3 * step + 3 }) else { return false }
                }
                if step % 11 == 0 { try group.barrier() }
            }
            return true
        }
        #expect(isRight == [true, true, true])
    }

    @Test func `shared memory is zeroed, of the same size, and outlives the group`() throws {
        let sums = try onRanks(2) { group in
            guard let buffer = ctk_buffer_allocate(group.handle, 10_000) else { throw SharedMemoryError.last }
            defer { ctk_buffer_release(buffer) }
            let bytes = UnsafeRawBufferPointer(start: ctk_buffer_data(buffer), count: 10_000)
            return bytes.reduce(0) { $0 + Int($1) } + Int(ctk_buffer_bytes(buffer))
        }
        #expect(sums == [12_288, 12_288])
    }
}
