import NIOCore
import Testing

@testable import Launching

@Suite("The decoder of the store's requests")
struct StoreRequestDecoderTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// What PyTorch's client sends.
    private static let recorded: [(hex: String, request: StoreRequest)] = [
        ("00cef7853c", .validate(0x3C85_F7CE)), ("0d1c2b0000", .ping(0x2B1C)),
        ("0102000000000000002f61030000000000000078797a", .set(bytes("/a"), bytes("xyz"))),
        ("0102000000000000002f650000000000000000", .set(bytes("/e"), [])),
        (
            "0202000000000000002f7101000000000000007602000000000000007632",
            .compareSet(bytes("/q"), expected: bytes("v"), desired: bytes("v2"))
        ),
        ("0302000000000000002f61", .get(bytes("/a"))),
        ("0402000000000000002f6ef9ffffffffffffff", .add(bytes("/n"), -7)),
        (
            "05020000000000000002000000000000002f6105000000000000002f6e6f7065",
            .check([bytes("/a"), bytes("/nope")])
        ),
        ("050000000000000000", .check([])), ("06010000000000000002000000000000002f61", .wait([bytes("/a")])),
        ("07", .keyCount), ("0802000000000000002f61", .delete(bytes("/a"))),
        ("0902000000000000002f61010000000000000031", .append(bytes("/a"), bytes("1"))),
        (
            "0a020000000000000002000000000000002f6102000000000000002f71", .multiGet([bytes("/a"), bytes("/q")])
        ),
        (
            "0b020000000000000002000000000000002f7801000000000000003102000000000000002f7902000000000000003232",
            .multiSet([bytes("/x"), bytes("/y")], [bytes("1"), bytes("22")])
        ),
        ("0c", .cancelWait), ("0e02000000000000002f5103000000000000006f6e65", .queuePush(bytes("/Q"), bytes("one"))),
        ("0f02000000000000002f51", .queuePop(bytes("/Q"))), ("1002000000000000002f51", .queueLength(bytes("/Q"))),
        ("11", .listKeys), ("1202000000000000002f620200000000000000", .barrier(bytes("/b"), worldSize: 2)),
    ]

    private static func bytes(hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    /// The requests of a stream that comes in pieces of a size.
    private static func requests(
        _ stream: [UInt8], inPiecesOf size: Int, _ decoder: StoreRequestDecoder = StoreRequestDecoder()
    ) throws -> [StoreRequest] {
        var decoder = decoder
        var requests: [StoreRequest] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            decoder.append(ByteBuffer(bytes: stream[start..<min(start + size, stream.count)]))
            while let request = try decoder.next() { requests.append(request) }
        }
        return requests
    }

    @Test("reads all that PyTorch's client sends, in any pieces", arguments: [1, 2, 3, 5, 8, 13, 100, 10_000])
    func pieces(size: Int) throws {
        let stream = Self.recorded.flatMap { Self.bytes(hex: $0.hex) }
        #expect(try Self.requests(stream, inPiecesOf: size) == Self.recorded.map(\.request))
        #expect(Set(Self.recorded.map { Self.bytes(hex: $0.hex).first }).count == StoreRequest.Kind.allCases.count)
    }

    @Test("gives a request when its last byte has come, and not before")
    func lastByte() throws {
        for (hex, request) in Self.recorded {
            let stream = Self.bytes(hex: hex)
            #expect(try Self.requests(stream.dropLast(), inPiecesOf: 1000) == [])
            #expect(try Self.requests(stream, inPiecesOf: 1000) == [request])
        }
    }

    @Test("keeps a large value whole")
    func large() throws {
        let value = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let stream = [1] + StoreBytes.string("/k") + StoreBytes.number(UInt64(value.count)) + value
        #expect(try Self.requests(stream, inPiecesOf: 60_000) == [.set(Self.bytes("/k"), value)])
    }

    @Test(
        "refuses a length beyond its limit before the bytes come",
        arguments: [
            UInt64(1) << 60, .max, 1 << 30 + 1, UInt64(Int64.max), UInt64(Int64.max) + 1,
        ])
    func tooLong(length: UInt64) {
        let number = StoreBytes.number(length)
        for start in [[1], [1] + StoreBytes.string("/k"), [5] + StoreBytes.number(UInt64(3)), [5], [0x0B], [0x12]] {
            #expect(throws: StoreRefusal.self) { try Self.requests(start + number, inPiecesOf: 1000) }
        }
    }

    @Test("counts all strings of a request, and none of the one before")
    func limits() throws {
        let decoder = StoreRequestDecoder(sizeLimit: 10, stringLimit: 4)
        let allowed = StoreBytes.set("12345", "67890")
        let request = StoreRequest.set(Self.bytes("12345"), Self.bytes("67890"))
        #expect(try Self.requests(allowed + allowed, inPiecesOf: 7, decoder) == [request, request])
        #expect(throws: StoreRefusal.self) {
            try Self.requests(StoreBytes.set("12345", "678901"), inPiecesOf: 7, decoder)
        }
        let keys = Array(repeating: "k", count: 4)
        #expect(try Self.requests(StoreBytes.wait(keys), inPiecesOf: 7, decoder).count == 1)
        #expect(throws: StoreRefusal.self) { try Self.requests(StoreBytes.wait(keys + ["k"]), inPiecesOf: 7, decoder) }
    }

    @Test("refuses what no client says", arguments: [[0x13], [0xFF], Array("GET / HTTP/1.1".utf8), [0, 1, 2, 3, 4]])
    func refused(bytes: [UInt8]) {
        #expect(throws: StoreRefusal.self) { try Self.requests(bytes, inPiecesOf: 1000) }
    }

    @Test("makes requests or refusals of any bytes, and nothing else")
    func garbage() {
        var generator = SystemRandomNumberGenerator()
        var refusals = 0
        for _ in 0..<2000 {
            // Small numbers, so that many streams have the form of requests.
            let stream = (0..<200).map { _ in
                UInt8.random(in: 0...255, using: &generator) % 20 &* UInt8.random(in: 0...1)
            }
            do {
                let requests = try Self.requests(stream, inPiecesOf: Int.random(in: 1...50))
                #expect(requests.count <= stream.count)
            } catch {
                #expect(error is StoreRefusal)
                refusals += 1
            }
        }
        #expect(refusals > 0)
    }
}
