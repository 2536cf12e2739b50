/// The store's keys and queues, and who waits for them; knows no sockets.
///
/// What the protocol leaves open is as in PyTorch's own server: a key that was waited for counts from the moment when it
/// was there, even if it is deleted before the others come; an element of a queue ends one wait, a value all; queues are
/// neither counted nor listed nor deleted. An element of which a client was told is kept for it until its next request, so
/// that of several clients that want to take one, none comes in vain.
struct StoreKeys {
    typealias Key = StoreRequest.Key
    /// A connection, by a number that is never used again.
    typealias Client = Int

    /// A reply, and whom it is for.
    struct Delivery: Equatable {
        let client: Client
        let reply: StoreReply
    }

    private enum Wait {
        /// For keys that have not been there yet.
        case keys(Set<Key>)
        /// For the others at a barrier.
        case barrier(Key)
    }

    private var values: [Key: [UInt8]] = [:]
    /// None is empty.
    private var queues: [Key: ArraySlice<[UInt8]>] = [:]
    private var waits: [Client: Wait] = [:]
    /// In the order in which they came.
    private var waiters: [Key: [Client]] = [:]
    /// In the order in which they came.
    private var arrivals: [Key: [Client]] = [:]
    /// Who was told of an element of a queue, and has not asked for anything since.
    private var claims: [Client: Key] = [:]

    /// The replies to a request, the client's own and those to others that its request releases.
    ///
    /// - Throws: ``StoreRefusal``; nothing has changed then.
    mutating func handle(_ request: StoreRequest, from client: Client) throws -> [Delivery] {
        let claim = claims.removeValue(forKey: client)
        let deliveries = try answer(request, to: client)
        return deliveries + passOn(claim)
    }

    /// Forgets a client whose connection has ended.
    mutating func forget(_ client: Client) -> [Delivery] {
        endWait(of: client)
        return passOn(claims.removeValue(forKey: client))
    }

    private mutating func answer(_ request: StoreRequest, to client: Client) throws -> [Delivery] {
        func reply(_ reply: StoreReply) -> [Delivery] { [Delivery(client: client, reply: reply)] }
        switch request {
        case .validate: return []
        case .ping(let nonce): return reply(.pong(nonce))
        case .set(let key, let value): return set(key, value)
        case .append(let key, let value): return set(key, values[key, default: []] + value)
        case .multiSet(let keys, let values): return zip(keys, values).flatMap { set($0, $1) }
        case .compareSet(let key, let expected, let desired):
            guard values[key] ?? [] == expected else { return reply(.value(values[key] ?? expected)) }
            return reply(.value(desired)) + set(key, desired)
        case .add(let key, let number):
            let (sum, released) = try add(number, to: key)
            return reply(.number(sum)) + released
        case .get(let key): return reply(.value(values[key] ?? []))
        case .multiGet(let keys): return reply(.values(keys.map { values[$0] ?? [] }))
        case .check(let keys): return reply(.isReady(keys.allSatisfy(exists)))
        case .delete(let key): return reply(.number(values.removeValue(forKey: key) == nil ? 0 : 1))
        case .keyCount: return reply(.number(Int64(values.count)))
        case .listKeys: return reply(.keys(values.keys.sorted { $0.lexicographicallyPrecedes($1) }))
        case .wait(let keys): return try wait(client, for: keys)
        case .cancelWait:
            endWait(of: client)
            return reply(.waitCanceled)
        case .queuePush(let key, let value):
            queues[key, default: []].append(value)
            return release(key, onlyOne: true)
        case .queuePop(let key):
            let value = queues[key]?.popFirst()
            if queues[key]?.isEmpty == true { queues[key] = nil }
            return reply(.popped(value))
        case .queueLength(let key): return reply(.number(Int64(queues[key]?.count ?? 0)))
        case .barrier(let key, let worldSize): return try arrive(client, at: key, of: worldSize)
        }
    }

    private func exists(_ key: Key) -> Bool { values[key] != nil || queues[key] != nil }

    private mutating func set(_ key: Key, _ value: [UInt8]) -> [Delivery] {
        values[key] = value
        return release(key, onlyOne: false)
    }

    private mutating func add(_ number: Int64, to key: Key) throws -> (sum: Int64, released: [Delivery]) {
        guard let value = values[key].map(Self.number) ?? 0 else {
            throw StoreRefusal(
                description: "it adds to the key \(String(decoding: key, as: UTF8.self)), whose value is no number")
        }
        let sum = value &+ number
        return (sum, set(key, Array("\(sum)".utf8)))
    }

    /// The number with which a text begins, as C reads it.
    private static func number(_ text: [UInt8]) -> Int64? {
        let trimmed = text.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let sign = trimmed.prefix(1).filter { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        let digits = trimmed.dropFirst(sign.count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int64(String(decoding: sign + digits, as: UTF8.self))
    }
}

// MARK: Waiting

extension StoreKeys {
    private mutating func wait(_ client: Client, for keys: [Key]) throws -> [Delivery] {
        try requireIdle(client)
        // Who waits for a queue alone is going to take an element.
        let queue = keys.count == 1 && values[keys[0]] == nil ? keys[0] : nil
        let missing = Set(queue.map { hasUnclaimed($0) ? [] : [$0] } ?? keys.filter { !exists($0) })
        guard !missing.isEmpty else {
            claims[client] = queue
            return [Delivery(client: client, reply: .waitEnded)]
        }
        waits[client] = .keys(missing)
        for key in missing { waiters[key, default: []].append(client) }
        return []
    }

    /// Counts a client at a barrier, and releases all that are there when it is complete.
    private mutating func arrive(_ client: Client, at key: Key, of worldSize: Int64) throws -> [Delivery] {
        try requireIdle(client)
        let (count, released) = try add(1, to: key)
        guard count >= worldSize else {
            waits[client] = .barrier(key)
            arrivals[key, default: []].append(client)
            return released
        }
        let others = arrivals.removeValue(forKey: key) ?? []
        for other in others { waits[other] = nil }
        return released + (others + [client]).map { Delivery(client: $0, reply: .waitEnded) }
    }

    private func requireIdle(_ client: Client) throws {
        if waits[client] != nil {
            throw StoreRefusal(description: "it waits twice at the same time")
        }
    }

    /// Ends the waits for a key that is there now.
    private mutating func release(_ key: Key, onlyOne: Bool) -> [Delivery] {
        var waiting = (waiters.removeValue(forKey: key) ?? [])[...]
        var deliveries: [Delivery] = []
        while let client = waiting.popFirst() {
            guard case .keys(var missing) = waits[client] else { continue }
            missing.remove(key)
            waits[client] = missing.isEmpty ? nil : .keys(missing)
            guard missing.isEmpty else { continue }
            deliveries.append(Delivery(client: client, reply: .waitEnded))
            if onlyOne {
                claims[client] = key
                break
            }
        }
        if !waiting.isEmpty { waiters[key] = Array(waiting) }
        return deliveries
    }

    /// Tells the next in line of an element that the one who was told of it did not take.
    private mutating func passOn(_ key: Key?) -> [Delivery] {
        guard let key, hasUnclaimed(key) else { return [] }
        return release(key, onlyOne: true)
    }

    private func hasUnclaimed(_ key: Key) -> Bool {
        queues[key].map { queue in queue.count > claims.values.count { $0 == key } } ?? false
    }

    private mutating func endWait(of client: Client) {
        switch waits.removeValue(forKey: client) {
        case .keys(let keys): for key in keys { remove(client, from: key) }
        case .barrier(let key):
            arrivals[key]?.removeAll { $0 == client }
            if arrivals[key]?.isEmpty == true { arrivals[key] = nil }
        case nil: break
        }
    }

    private mutating func remove(_ client: Client, from key: Key) {
        waiters[key]?.removeAll { $0 == client }
        if waiters[key]?.isEmpty == true { waiters[key] = nil }
    }
}
