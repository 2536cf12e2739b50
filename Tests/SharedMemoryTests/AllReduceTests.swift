import CTorchKernels
import Foundation
import Testing

@testable import shared_memory_probe

@Suite(.serialized) struct AllReduceTests {
    static let sizes = [0, 1, 3, 1000, 1_000_000]
    /// Values repeat, so that a large result can be expected quickly.
    static let period = 997

    @Test(arguments: 1...4) func `integers are reduced as a plain loop over the ranks does`(worldSize: Int) throws {
        try check(ElementKind<UInt8>.integer(0), worldSize)
        try check(ElementKind<Int8>.integer(1), worldSize)
        try check(ElementKind<Int16>.integer(2), worldSize)
        try check(ElementKind<Int32>.integer(3), worldSize)
        try check(ElementKind<Int64>.integer(4), worldSize)
        try check(ElementKind<UInt8>.boolean, worldSize)
    }

    @Test(arguments: 1...4) func `real numbers are reduced in the order of the ranks, to the bit`(worldSize: Int) throws
    {
        try check(ElementKind<Float>.real(6, as: Float.self, widened: { $0 }, rounded: { $0 }), worldSize)
        try check(ElementKind<Double>.real(7, as: Double.self, widened: { $0 }, rounded: { $0 }), worldSize)
    }

    @Test(arguments: 1...4) func `half precision is summed in 32 bits and rounded once`(worldSize: Int) throws {
        try check(
            ElementKind<Float16>.real(5, as: Float.self, widened: { Float($0) }, rounded: { Float16($0) }), worldSize)
        try check(ElementKind<UInt16>.bfloat16, worldSize)
    }

    private func check<Element>(_ kind: ElementKind<Element>, _ worldSize: Int) throws {
        for size in Self.sizes {
            // Which operation it is does not depend on the size.
            let reductions = size > 1000 ? [kind.reductions[0]] : kind.reductions
            for reduction in reductions {
                let period = (0..<min(size, Self.period)).map { index in
                    reduction.reduce((0..<worldSize).map { kind.value($0, index) })
                }
                let expected = Data(repeating: period, count: size)
                let results = try onRanks(worldSize) { group in
                    let own = (0..<min(size, Self.period)).map { kind.value(group.rank, $0) }
                    var data = Data(repeating: own, count: size)
                    try data.withUnsafeMutableBytes {
                        try checked(
                            ctk_all_reduce(
                                group.handle, $0.baseAddress, Int64(size), kind.dtype, Int32(reduction.number)))
                    }
                    let inBuffer = try shared(
                        group, Data(repeating: own, count: size), kind.dtype, reduction.number, size)
                    return [data, inBuffer]
                }
                for (rank, result) in results.enumerated() {
                    let what = "dtype \(kind.dtype), reduction \(reduction.number), \(size) elements, rank \(rank)"
                    #expect(result[0] == expected, "\(what), with copies")
                    #expect(result[1] == expected, "\(what), in shared memory")
                }
            }
        }
    }

    @Test func `repeats give the same bits while other work goes on`() throws {
        let isDone = Flag()
        let load = Thread { while !isDone.isSet { _ = (0..<1000).reduce(0, +) } }
        load.start()
        defer { isDone.set() }
        let results = try onRanks(3) { group in
            try (0..<50).map { _ in
                var values = (0..<100_000).map { Float($0 * (group.rank + 1)) / 7 }
                try group.allReduce(&values, dtype: 6)
                return values.withUnsafeBytes { Data($0) }
            }
        }
        let first = results[0][0]
        for result in results { #expect(result.allSatisfy { $0 == first }) }
    }

    @Test(arguments: [CTK_MINIMUM, CTK_MAXIMUM]) func `one rank's NaN is in the result`(reduction: Int) throws {
        let results = try onRanks(3) { group in
            var values: [Float] = (0..<3).map { $0 == group.rank ? .nan : 1 }
            try group.allReduce(&values, dtype: 6, reduction: reduction)
            return values
        }
        for result in results { #expect(result.allSatisfy { $0.isNaN }) }
    }

    @Test func `an unknown type or reduction is refused and the group goes on`() throws {
        let results = try onRanks(2) { group in
            var values: [Float] = [1]
            var message = ""
            do { try group.allReduce(&values, dtype: 9) } catch { message = "\(error)" }
            var integers: [Int32] = [1]
            do { try group.allReduce(&integers, dtype: 3, reduction: CTK_AVERAGE) } catch { message += "\(error)" }
            try group.allReduce(&values, dtype: 6)
            return (message, values)
        }
        for (message, values) in results {
            #expect(message.contains("dtype 9") && message.contains("average"))
            #expect(values == [2])
        }
    }
}

/// Reduces in shared memory, at an offset of 64 bytes.
private func shared(
    _ group: SharedGroup, _ data: Data, _ dtype: Int8, _ reduction: Int, _ count: Int
) throws -> Data {
    guard let buffer = ctk_buffer_allocate(group.handle, Int64(data.count + 64)) else { throw SharedMemoryError.last }
    defer { ctk_buffer_release(buffer) }
    let start = ctk_buffer_data(buffer) + 64
    data.withUnsafeBytes { if let source = $0.baseAddress { memcpy(start, source, data.count) } }
    try checked(ctk_buffer_all_reduce(group.handle, buffer, 64, Int64(count), dtype, Int32(reduction)))
    return Data(bytes: start, count: data.count)
}

extension Data {
    /// `count` elements that repeat those given.
    fileprivate init<Element>(repeating period: [Element], count: Int) {
        self.init(capacity: count * MemoryLayout<Element>.stride)
        period.withUnsafeBytes { bytes in
            let all = bytes.bindMemory(to: UInt8.self)
            let whole = period.isEmpty ? 0 : count / period.count
            for _ in 0..<whole { append(all) }
            let rest = (count - whole * period.count) * MemoryLayout<Element>.stride
            append(UnsafeBufferPointer(rebasing: all.prefix(rest)))
        }
    }
}
