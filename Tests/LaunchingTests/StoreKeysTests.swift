import Testing

@testable import Launching

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("The store's keys")
struct StoreKeysTests {
    private typealias Delivery = StoreKeys.Delivery

    private var keys = StoreKeys()

    /// The clients that a request tells that their wait is over.
    private mutating func released(_ request: StoreRequest, from client: Int = 1) throws -> [Int] {
        try keys.handle(request, from: client).filter { $0.reply == .waitEnded }.map(\.client)
    }

    private static let conversation: [(StoreRequest, StoreReply?)] = {
        let (a, b, none) = (bytes("/a"), bytes("/b"), bytes("/none"))
        return [
            (.validate(0x3C85_F7CE), nil), (.ping(7), .pong(7)), (.keyCount, .number(0)), (.listKeys, .keys([])),
            (.set(a, bytes("1")), nil), (.get(a), .value(bytes("1"))), (.set(a, []), nil), (.get(a), .value([])),
            (.check([a]), .isReady(true)), (.check([a, b]), .isReady(false)), (.check([]), .isReady(true)),
            (.wait([a]), .waitEnded), (.wait([]), .waitEnded), (.cancelWait, .waitCanceled),
            (.append(b, bytes("x")), nil), (.append(b, bytes("y")), nil), (.get(b), .value(bytes("xy"))),
            (.get(none), .value([])), (.multiGet([b, none, a]), .values([bytes("xy"), [], []])),
            (.multiGet([]), .values([])), (.multiSet([a, b], [bytes("2"), bytes("3")]), nil),
            (.multiGet([a, b]), .values([bytes("2"), bytes("3")])), (.keyCount, .number(2)),
            (.listKeys, .keys([a, b])), (.delete(a), .number(1)), (.delete(a), .number(0)), (.keyCount, .number(1)),
            (.set([0, 255, 0], [0]), nil), (.get([0, 255, 0]), .value([0])), (.listKeys, .keys([[0, 255, 0], b])),
        ]
    }()

    @Test("answers as PyTorch's server does")
    mutating func conversation() throws {
        for (index, (request, reply)) in Self.conversation.enumerated() {
            let expected = reply.map { [Delivery(client: 3, reply: $0)] } ?? []
            #expect(try keys.handle(request, from: 3) == expected, "request \(index): \(request)")
        }
    }

    @Test("counts from nothing, and from what a value begins with")
    mutating func counting() throws {
        let key = bytes("/n")
        for (value, number, sum) in [
            (nil, 5, 5), (nil, -7, -2), ("41", 1, 42), ("-3", 1, -2), ("+3", 0, 3), (" \n12x", 1, 13),
            ("9223372036854775807", 1, Int64.min),
        ] as [(String?, Int64, Int64)] {
            if let value { _ = try keys.handle(.set(key, bytes(value)), from: 1) }
            #expect(try keys.handle(.add(key, number), from: 1) == [Delivery(client: 1, reply: .number(sum))])
            #expect(try keys.handle(.get(key), from: 1) == [Delivery(client: 1, reply: .value(bytes("\(sum)")))])
        }
    }

    @Test(
        "refuses to add to what is no number, and keeps it", arguments: ["", "x1", "-", "+-1", "9223372036854775808"])
    mutating func noNumber(value: String) throws {
        _ = try keys.handle(.set(bytes("/k"), bytes(value)), from: 1)
        let error = #expect(throws: StoreRefusal.self) { try keys.handle(.add(bytes("/k"), 1), from: 1) }
        #expect(error?.description.contains("/k") == true)
        #expect(try keys.handle(.get(bytes("/k")), from: 1).map(\.reply) == [.value(bytes(value))])
    }

    @Test(
        "sets what is as expected, and says what is there",
        arguments: [
            (nil, "", "new", "new", "new"), (nil, "old", "new", "old", nil), ("old", "old", "new", "new", "new"),
            ("old", "other", "new", "old", "old"), ("", "", "new", "new", "new"), ("old", "", "new", "old", "old"),
        ] as [(String?, String, String, String, String?)])
    mutating func compareSet(before: String?, expected: String, desired: String, reply: String, after: String?) throws {
        let key = bytes("/k")
        if let before { _ = try keys.handle(.set(key, bytes(before)), from: 1) }
        let replies = try keys.handle(.compareSet(key, expected: bytes(expected), desired: bytes(desired)), from: 1)
        #expect(replies.map(\.reply) == [.value(bytes(reply))])
        #expect(try keys.handle(.check([key]), from: 1).map(\.reply) == [.isReady(after != nil)])
        #expect(try keys.handle(.get(key), from: 1).map(\.reply) == [.value(bytes(after ?? ""))])
    }

    @Test(
        "releases all that wait for a key, in the order in which they came",
        arguments: [
            .set(bytes("/k"), []), .append(bytes("/k"), []), .add(bytes("/k"), 1), .multiSet([bytes("/k")], [[]]),
            .compareSet(bytes("/k"), expected: [], desired: []),
        ] as [StoreRequest])
    mutating func waiting(request: StoreRequest) throws {
        for client in [5, 2, 9] { #expect(try released(.wait([bytes("/k")]), from: client) == []) }
        #expect(try released(.set(bytes("/other"), [])) == [])
        #expect(try released(request) == [5, 2, 9])
        #expect(try released(request) == [])
    }

    @Test("ends a wait for several keys when each has been there")
    mutating func several() throws {
        let (a, b, c) = (bytes("/a"), bytes("/b"), bytes("/c"))
        _ = try keys.handle(.set(a, []), from: 1)
        #expect(try released(.wait([a, b, c, b]), from: 2) == [])
        #expect(try released(.set(b, [])) == [])
        #expect(try released(.delete(b)) == [])
        #expect(try released(.set(b, [])) == [])
        #expect(try released(.set(c, [])) == [2])
    }

    @Test("tells nobody who has given up or gone, and the others all the same")
    mutating func givenUp() throws {
        let key = bytes("/k")
        for client in 1...4 { #expect(try released(.wait([key, bytes("/l")]), from: client) == []) }
        #expect(try keys.handle(.cancelWait, from: 2) == [Delivery(client: 2, reply: .waitCanceled)])
        #expect(keys.forget(3) == [])
        #expect(keys.forget(7) == [])
        #expect(try released(.multiSet([key, bytes("/l")], [[], []]), from: 5) == [1, 4])
        #expect(try released(.wait([key]), from: 2) == [2])
    }

    @Test(
        "refuses a second wait at the same time",
        arguments: [
            .wait([bytes("/b")]), .barrier(bytes("/b"), worldSize: 2),
        ] as [StoreRequest])
    mutating func twice(request: StoreRequest) throws {
        _ = try keys.handle(.wait([bytes("/a")]), from: 1)
        #expect(throws: StoreRefusal.self) { try keys.handle(request, from: 1) }
    }

    @Test("gives the elements of a queue in order, and counts, lists and deletes no queue")
    mutating func queue() throws {
        let key = bytes("/q")
        for value in ["one", "two"] { #expect(try keys.handle(.queuePush(key, bytes(value)), from: 1) == []) }
        for (request, reply) in [
            (.queueLength(key), .number(2)), (.check([key]), .isReady(true)), (.wait([key]), .waitEnded),
            (.keyCount, .number(0)), (.listKeys, .keys([])), (.get(key), .value([])), (.delete(key), .number(0)),
            (.queuePop(key), .popped(bytes("one"))), (.queuePop(key), .popped(bytes("two"))),
            (.queuePop(key), .popped(nil)), (.queueLength(key), .number(0)), (.check([key]), .isReady(false)),
        ] as [(StoreRequest, StoreReply)] {
            #expect(try keys.handle(request, from: 1).map(\.reply) == [reply], "\(request)")
        }
    }

    @Test("tells one waiting client of each element of a queue")
    mutating func queueWaits() throws {
        let key = bytes("/q")
        for client in [1, 2, 3] { #expect(try released(.wait([key]), from: client) == []) }
        #expect(try released(.queuePush(key, []), from: 9) == [1])
        #expect(try released(.queuePush(key, []), from: 9) == [2])
        #expect(try released(.queuePop(key), from: 1) == [])
        #expect(try released(.queuePop(key), from: 2) == [])
        #expect(try released(.queuePush(key, []), from: 9) == [3])
    }

    @Test("keeps an element for the client that was told of it")
    mutating func claimed() throws {
        let key = bytes("/q")
        _ = try keys.handle(.queuePush(key, bytes("x")), from: 9)
        #expect(try released(.wait([key]), from: 1) == [1])
        #expect(try released(.wait([key]), from: 2) == [])
        #expect(try released(.wait([key, key]), from: 3) == [3])
        #expect(try released(.queuePush(key, bytes("y")), from: 9) == [2])
        for (client, value) in [(2, "x"), (1, "y")] {
            #expect(try keys.handle(.queuePop(key), from: client).map(\.reply) == [.popped(bytes(value))])
        }
        // A value stands for itself, whatever the queue of the same name.
        _ = try keys.handle(.set(key, []), from: 9)
        #expect(try released(.wait([key]), from: 1) == [1])
        #expect(try released(.wait([key]), from: 2) == [2])
    }

    @Test("tells the next of an element that nobody took", arguments: [true, false])
    mutating func passedOn(dies: Bool) throws {
        let key = bytes("/q")
        for client in [1, 2] { #expect(try released(.wait([key]), from: client) == []) }
        #expect(try released(.queuePush(key, bytes("x")), from: 9) == [1])
        let deliveries = dies ? keys.forget(1) : try keys.handle(.keyCount, from: 1)
        #expect(deliveries.filter { $0.reply == .waitEnded }.map(\.client) == [2])
        #expect(try keys.handle(.queuePop(key), from: 2).map(\.reply) == [.popped(bytes("x"))])
    }

    @Test("opens a barrier for all when the last one comes")
    mutating func barrier() throws {
        let key = bytes("/b")
        #expect(try released(.wait([key]), from: 8) == [])
        // The key of a barrier is a counter like others.
        #expect(try released(.barrier(key, worldSize: 3), from: 1) == [8])
        #expect(try released(.barrier(key, worldSize: 3), from: 2) == [])
        #expect(try released(.barrier(key, worldSize: 3), from: 3) == [1, 2, 3])
        #expect(try keys.handle(.get(key), from: 1).map(\.reply) == [.value(bytes("3"))])
        #expect(try released(.barrier(key, worldSize: 3), from: 2) == [2])
        #expect(try released(.barrier(bytes("/one"), worldSize: 1), from: 1) == [1])
    }

    @Test("counts those who came to a barrier and gave up, and tells them nothing")
    mutating func abandonedBarrier() throws {
        let key = bytes("/b")
        #expect(try released(.barrier(key, worldSize: 3), from: 1) == [])
        #expect(try released(.barrier(key, worldSize: 3), from: 2) == [])
        #expect(try keys.handle(.cancelWait, from: 1).map(\.reply) == [.waitCanceled])
        #expect(keys.forget(2) == [])
        #expect(try released(.barrier(key, worldSize: 3), from: 3) == [3])
    }
}
