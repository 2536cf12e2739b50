import Foundation
import RankProtocol
import Testing

@Suite("Messages on a stream")
struct MessageFramingTests {
    private static let messages: [RankMessage] = [
        .started(pid: 4711),
        .failed(
            RankFailure(
                rank: 3, message: "two\nlines, \"quoted\", é and 🙂", isConsequence: true,
                time: Date(timeIntervalSince1970: 1.25))),
        .finished,
    ]

    @Test("arrive whole however their bytes are split in three")
    func everySplit() throws {
        let bytes = try Self.messages.flatMap { try MessageFraming.line(for: $0) }
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var decoder = MessageDecoder<RankMessage>()
                var arrived: [RankMessage] = []
                for piece in [bytes[..<first], bytes[first..<second], bytes[second...]] {
                    decoder.append(piece)
                    while let message = try decoder.next() { arrived.append(message) }
                }
                guard arrived == Self.messages else {
                    Issue.record("split at \(first) and \(second): \(arrived)")
                    return
                }
            }
        }
    }

    @Test("arrive whole byte by byte, and as soon as they are complete")
    func everyByte() throws {
        var decoder = MessageDecoder<RankMessage>()
        for message in Self.messages {
            let line = try MessageFraming.line(for: message)
            for byte in line.dropLast() {
                decoder.append([byte])
                #expect(try decoder.next() == nil)
            }
            decoder.append(line.suffix(1))
            #expect(try decoder.next() == message)
            #expect(try decoder.next() == nil)
        }
    }

    @Test("go from a launcher to its ranks too")
    func launcherMessage() throws {
        var decoder = MessageDecoder<LauncherMessage>()
        decoder.append(try MessageFraming.line(for: LauncherMessage.stop(reason: "rank 3 failed")))
        #expect(try decoder.next() == .stop(reason: "rank 3 failed"))
    }

    @Test("before one that is malformed arrive, and none after it")
    func malformed() throws {
        var decoder = MessageDecoder<RankMessage>()
        decoder.append(try MessageFraming.line(for: RankMessage.finished) + Array("hello\n".utf8))
        #expect(try decoder.next() == .finished)
        for _ in 0..<2 {
            let error = #expect(throws: RankProtocolError.self) { try decoder.next() }
            #expect(error?.code == .malformedMessage)
            #expect(error?.message.contains("\"hello\"") == true)
            decoder.append(try MessageFraming.line(for: RankMessage.finished))
        }
    }

    @Test("are malformed", arguments: ["", "{}", "[]", #"{"stopped":{}}"#, #"{"started":{}}"#, "\u{0}"])
    func malformed(_ line: String) throws {
        var decoder = MessageDecoder<RankMessage>()
        decoder.append(Array("\(line)\n".utf8))
        #expect(throws: RankProtocolError.self) { try decoder.next() }
    }

    @Test("have a longest line, with or without an end", arguments: [false, true])
    func tooLong(ends: Bool) throws {
        let limit = MessageFraming.maximumLineLength
        var decoder = MessageDecoder<RankMessage>()
        decoder.append([UInt8](repeating: 0x20, count: limit))
        #expect(try decoder.next() == nil)
        decoder.append(ends ? [0x20, 0x0A] : [0x20])
        let error = #expect(throws: RankProtocolError.self) { try decoder.next() }
        #expect(error?.code == .messageTooLong)
        let unsent = #expect(throws: RankProtocolError.self) {
            try MessageFraming.line(for: LauncherMessage.stop(reason: String(repeating: "x", count: limit)))
        }
        #expect(unsent?.code == .messageTooLong)
    }

    @Test("have room for a failure's message, which is cut between characters", arguments: ["x", "é", "🙂", "\u{0}"])
    func longFailure(_ character: String) throws {
        let failure = RankFailure(rank: 0, message: String(repeating: character, count: 100_000))
        #expect(failure.message.utf8.count <= RankFailure.maximumMessageLength)
        #expect(failure.message.utf8.count > RankFailure.maximumMessageLength - 8)
        #expect(failure.message.hasSuffix("…"))
        #expect(failure.message.dropLast().allSatisfy { String($0) == character })
        var decoder = MessageDecoder<RankMessage>()
        decoder.append(try MessageFraming.line(for: RankMessage.failed(failure)))
        #expect(try decoder.next() == .failed(failure))
    }

    @Test("have a failure's message unchanged up to its limit")
    func longestFailure() {
        let message = String(repeating: "x", count: RankFailure.maximumMessageLength)
        #expect(RankFailure(rank: 0, message: message).message == message)
    }
}
