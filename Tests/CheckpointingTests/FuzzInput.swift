import Foundation
import LockstepTesting

/// Files to mutate, and how.
enum FuzzInput {
    /// How many mutated files are tried: `LOCKSTEP_FUZZ_CASES`, or a number that takes some seconds.
    static func cases(defaultCount: Int) -> Int {
        ProcessInfo.processInfo.environment["LOCKSTEP_FUZZ_CASES"].flatMap { Int($0) } ?? defaultCount
    }

    /// The files of the folder `Fixtures/corpus` with this suffix, in the order of their names.
    static func corpus(_ suffix: String) throws -> [[UInt8]] {
        let folder = try fixtureFolder(near: #filePath) + "/corpus"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            .filter { $0.hasSuffix(".\(suffix)") }
            .map { try Array(Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))) }
    }

    /// Changes a file in one place: a bit, a byte, a number at its limits, an end, a part that occurs again.
    static func mutate(_ bytes: inout [UInt8], _ random: inout FuzzRandom, fragments: [[UInt8]] = []) {
        guard !bytes.isEmpty else { return bytes.append(UInt8.random(in: 0...255, using: &random)) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<(fragments.isEmpty ? 7 : 10), using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2:
            let extreme: UInt8 = Bool.random(using: &random) ? 0 : 255
            let width = [1, 2, 4, 8].randomElement(using: &random) ?? 1
            for offset in 0..<min(width, bytes.count - place) { bytes[place + offset] = extreme }
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
        case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 5:
            let end = min(bytes.count, place + Int.random(in: 1...64, using: &random))
            bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 6: if Int.random(in: 0..<8, using: &random) == 0 { bytes.removeSubrange(place...) }
        default: bytes.insert(contentsOf: fragments.randomElement(using: &random) ?? [], at: place)
        }
    }
}

/// Steele, Lea and Flood's generator: the same numbers in every run.
struct FuzzRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
