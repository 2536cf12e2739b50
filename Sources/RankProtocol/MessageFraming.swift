import Foundation

/// How messages stand on a stream: one JSON object a line.
public enum MessageFraming {
    /// The longest line, in bytes, without its end.
    public static let maximumLineLength = 1 << 16

    static let lineEnd = UInt8(ascii: "\n")

    /// The line for a message, with its end.
    ///
    /// - Throws: ``RankProtocolError`` with `messageTooLong`, or `malformedMessage` if the message is not JSON's.
    public static func line(for message: some Encodable) throws -> [UInt8] {
        let data: Data
        do {
            data = try JSONEncoder().encode(message)
        } catch {
            throw RankProtocolError(.malformedMessage, "\(message) cannot be written as JSON.", cause: error)
        }
        guard data.count <= maximumLineLength else {
            throw RankProtocolError(
                .messageTooLong,
                "a message of \(data.count) bytes is longer than the \(maximumLineLength) that a line may have.")
        }
        return data + [lineEnd]
    }
}

/// Makes whole messages of a stream's bytes, which may come in any pieces.
///
/// ```swift
/// decoder.append(bytes)
/// while let message = try decoder.next() { handle(message) }
/// ```
///
/// After an error the stream's position is lost, and every later message is refused with the same error.
public struct MessageDecoder<Message: Decodable & Sendable>: Sendable {
    private var bytes: [UInt8] = []
    /// Where the line begins that is being read.
    private var start = 0
    /// Up to where there is no line end.
    private var scanned = 0
    private var failure: RankProtocolError?

    /// A decoder at the beginning of a stream.
    public init() {}

    /// Takes the next bytes of the stream.
    public mutating func append(_ more: some Sequence<UInt8>) {
        guard failure == nil else { return }
        bytes.append(contentsOf: more)
    }

    /// The next whole message; nil when more bytes are needed.
    ///
    /// - Throws: ``RankProtocolError`` with `messageTooLong` or `malformedMessage`.
    public mutating func next() throws -> Message? {
        if let failure { throw failure }
        let end = bytes[scanned...].firstIndex(of: MessageFraming.lineEnd)
        let length = (end ?? bytes.count) - start
        guard length <= MessageFraming.maximumLineLength else {
            throw refuse(
                .messageTooLong,
                "a message has \(length) bytes or more, and \(MessageFraming.maximumLineLength) is the most; probably "
                    + "something else writes to the control channel.")
        }
        guard let end else {
            bytes.removeFirst(start)
            start = 0
            scanned = bytes.count
            return nil
        }
        let line = bytes[start..<end]
        start = end + 1
        scanned = start
        do {
            return try JSONDecoder().decode(Message.self, from: Data(line))
        } catch {
            let text = String(decoding: line.prefix(80), as: UTF8.self)
            throw refuse(
                .malformedMessage,
                "\"\(text)\" is no \(Message.self); probably something else writes to the control channel.",
                cause: error)
        }
    }

    private mutating func refuse(
        _ code: RankProtocolError.Code, _ message: String, cause: (any Error)? = nil
    ) -> RankProtocolError {
        let error = RankProtocolError(code, message, cause: cause)
        failure = error
        bytes = []
        return error
    }
}
