import NIOCore

/// What the store answers to a client.
enum StoreReply: Equatable, Sendable {
    /// A ping's own number.
    case pong(UInt32)
    case value([UInt8])
    /// Values whose number the client knows.
    case values([[UInt8]])
    case keys([[UInt8]])
    case number(Int64)
    /// Whether the keys of a check are there.
    case isReady(Bool)
    case waitEnded
    case waitCanceled
    /// The first element of a queue; nil where it is empty.
    case popped([UInt8]?)

    /// The reply as it stands on the wire.
    var bytes: ByteBuffer {
        var buffer = ByteBuffer()
        switch self {
        case .pong(let nonce): buffer.writeInteger(nonce, endianness: .host)
        case .value(let value): buffer.writeStoreString(value)
        case .values(let values): values.forEach { buffer.writeStoreString($0) }
        case .keys(let keys):
            buffer.writeInteger(UInt64(keys.count), endianness: .host)
            keys.forEach { buffer.writeStoreString($0) }
        case .number(let number): buffer.writeInteger(number, endianness: .host)
        case .isReady(let isReady): buffer.writeInteger(UInt8(isReady ? 0 : 1))
        case .waitEnded: buffer.writeInteger(UInt8(0))
        case .waitCanceled: buffer.writeInteger(UInt8(1))
        case .popped(let value):
            buffer.writeInteger(UInt64(value == nil ? 0 : 1), endianness: .host)
            if let value { buffer.writeStoreString(value) }
        }
        return buffer
    }
}

extension ByteBuffer {
    /// Writes a string as the store's protocol has it: its length, and its bytes.
    mutating func writeStoreString(_ bytes: [UInt8]) {
        writeInteger(UInt64(bytes.count), endianness: .host)
        writeBytes(bytes)
    }
}
