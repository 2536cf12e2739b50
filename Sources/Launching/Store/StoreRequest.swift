/// What a client of the store asks for, in the protocol of PyTorch's `TCPStore` (versions 2.11 to 2.13).
enum StoreRequest: Equatable, Sendable {
    typealias Key = [UInt8]
    typealias Value = [UInt8]

    /// The first of all, which carries the protocol's magic number.
    case validate(UInt32)
    case set(Key, Value)
    case compareSet(Key, expected: Value, desired: Value)
    case get(Key)
    case add(Key, Int64)
    case check([Key])
    case wait([Key])
    case keyCount
    case delete(Key)
    case append(Key, Value)
    case multiGet([Key])
    case multiSet([Key], [Value])
    case cancelWait
    case ping(UInt32)
    case queuePush(Key, Value)
    case queuePop(Key)
    case queueLength(Key)
    case listKeys
    case barrier(Key, worldSize: Int64)

    /// A request's first byte.
    enum Kind: UInt8, CaseIterable, Sendable {
        case validate, set, compareSet, get, add, check, wait, keyCount, delete, append, multiGet, multiSet, cancelWait
        case ping, queuePush, queuePop, queueLength, listKeys, barrier
    }
}

extension StoreRequest.Kind {
    /// What follows the first byte.
    struct Layout {
        /// How many strings, or how many for each one that a count in front announces.
        var strings = 0
        var isCounted = false
        /// The size of the number at the end, in bytes.
        var number = 0
    }

    var layout: Layout {
        switch self {
        case .keyCount, .cancelWait, .listKeys: Layout()
        case .validate, .ping: Layout(number: 4)
        case .get, .delete, .queuePop, .queueLength: Layout(strings: 1)
        case .set, .append, .queuePush: Layout(strings: 2)
        case .compareSet: Layout(strings: 3)
        case .add, .barrier: Layout(strings: 1, number: 8)
        case .check, .wait, .multiGet: Layout(strings: 1, isCounted: true)
        case .multiSet: Layout(strings: 2, isCounted: true)
        }
    }
}

/// Why a client's connection is closed, in words.
struct StoreRefusal: Error, CustomStringConvertible, Equatable {
    let description: String
}
