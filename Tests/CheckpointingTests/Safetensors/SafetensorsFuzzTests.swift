import Foundation
import Testing

@testable import Checkpointing

@Suite("Safetensors files at random")
struct SafetensorsFuzzTests {
    /// How many mutated files are tried; `LOCKSTEP_FUZZ_CASES` overrides it.
    private static let cases = FuzzInput.cases(defaultCount: 100_000)

    @Test("a mutated file is refused with an error, or all of its ranges lie inside it")
    func mutations() throws {
        let samples = try SafetensorsSample.wellFormed + FuzzInput.corpus("safetensors")
        var random = FuzzRandom(state: 20_240_607)
        var refused = 0
        for number in 0..<Self.cases {
            var bytes = samples[number % samples.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.mutate(&bytes, &random) }
            do {
                try check(SafetensorsFile(bytes: bytes), size: bytes.count)
            } catch let error as SafetensorsError {
                #expect(!error.message.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 0 && refused < Self.cases, "mutations that never, or always, matter test nothing")
    }

    private func check(_ file: SafetensorsFile, size: Int) throws {
        var covered = 0
        for entry in file.entries {
            try #require(entry.byteRange.lowerBound >= 8 && entry.byteRange.upperBound <= size)
            try #require(entry.byteRange.count == entry.shape.reduce(entry.dtype.size, *))
            try #require(file.entry(named: entry.name) == entry)
            try #require(try file.withBytes(of: entry.name) { $0.count } == entry.byteRange.count)
            covered += entry.byteRange.count
        }
        try #require(covered <= size - 8)
    }

    private static let fragments = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "-", "0", "9", "1e9", "18446744073709551616", "null", "\\u0000",
        "\\ud83d", "\"__metadata__\"", "\"a\"", "\"dtype\":\"F32\"", "\"shape\":[]", "\"data_offsets\":[0,0]", " ",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        guard !bytes.isEmpty else { return bytes.append(UInt8.random(in: 0...255, using: &random)) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let fragment = fragments[Int.random(in: 0..<fragments.count, using: &random)]
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes.removeSubrange(place...)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 3: bytes.remove(at: place)
        case 4: editHeader(&bytes, &random) { $0 += fragment }
        case 5: editHeader(&bytes, &random) { if !$0.isEmpty { $0.removeLast() } }
        default:
            let end = min(bytes.count, place + Int.random(in: 1...20, using: &random))
            bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
        }
    }

    /// Changes the header at a random place and sets its length right, so that the change is looked at.
    private static func editHeader(
        _ bytes: inout [UInt8], _ random: inout FuzzRandom, _ change: (inout [UInt8]) -> Void
    ) {
        guard bytes.count > 8 else { return }
        let length = Int(bytes[0]) | Int(bytes[1]) << 8
        let end = min(8 + length, bytes.count)
        let place = Int.random(in: 8...max(8, end), using: &random)
        var head = Array(bytes[8..<place])
        change(&head)
        let header = head + bytes[place..<max(place, end)]
        bytes = SafetensorsSample.file(header) + bytes[max(place, end)...]
    }
}
