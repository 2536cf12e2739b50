/// Writes a Python pickle of protocol 2, with the few instructions that a dictionary of tensors needs.
///
/// Objects that occur again are written once and fetched from the memo, at the same places where Python's own pickler
/// does so.
struct PickleWriter {
    /// Something that stays in the memo for later use.
    enum Memo: Hashable {
        case global(module: String, name: String)
        case text(String)
    }

    /// The pickle so far.
    private(set) var bytes: [UInt8] = [0x80, 2]
    private var memo: [Memo: Int] = [:]
    private var memoized = 0

    /// Ends the pickle.
    mutating func stop() { put(".") }

    /// Puts a class or function on the stack.
    mutating func global(_ module: String, _ name: String) {
        remembered(.global(module: module, name: name)) { writer in
            writer.put("c")
            writer.bytes += "\(module)\n\(name)\n".utf8
        }
    }

    /// Puts a string on the stack.
    ///
    /// - Parameters:
    ///   - text: the string.
    ///   - isShared: whether it is fetched from the memo where it occurred before.
    mutating func text(_ text: String, isShared: Bool) {
        let write: (inout PickleWriter) -> Void = { writer in
            writer.put("X")
            writer.bytes.append(littleEndian: UInt32(text.utf8.count))
            writer.bytes += text.utf8
        }
        if isShared {
            remembered(.text(text), write)
        } else {
            write(&self)
            memoize()
        }
    }

    /// Puts an integer on the stack, in the shortest form.
    mutating func integer(_ value: Int) {
        if let small = UInt8(exactly: value) {
            put("K")
            bytes.append(small)
        } else if let small = UInt16(exactly: value) {
            put("M")
            bytes.append(littleEndian: small)
        } else if let small = Int32(exactly: value) {
            put("J")
            bytes.append(littleEndian: small)
        } else {
            // Two's complement, without bytes that only repeat the sign.
            var digits: [UInt8] = []
            digits.append(littleEndian: Int64(value))
            let sign: UInt8 = value < 0 ? 0xFF : 0
            while digits.count > 1, digits[digits.count - 1] == sign,
                digits[digits.count - 2] >> 7 == sign >> 7
            {
                digits.removeLast()
            }
            put("\u{8A}")
            bytes.append(UInt8(digits.count))
            bytes += digits
        }
    }

    /// Puts `False` on the stack.
    mutating func no() { put("\u{89}") }

    /// Puts a tuple on the stack, of what `body` puts there.
    ///
    /// - Parameters:
    ///   - count: how many objects `body` puts on the stack.
    ///   - body: puts them there.
    mutating func tuple(_ count: Int, _ body: (inout PickleWriter) -> Void) {
        if count > 3 { put("(") }
        body(&self)
        switch count {
        case 0: put(")")
        case 1: put("\u{85}")
        case 2: put("\u{86}")
        case 3: put("\u{87}")
        default: put("t")
        }
        if count > 0 { memoize() }
    }

    /// Puts a tuple of integers on the stack.
    mutating func tuple(_ values: [Int]) {
        tuple(values.count) { writer in
            for value in values { writer.integer(value) }
        }
    }

    /// Puts an empty `OrderedDict` on the stack.
    mutating func orderedDictionary() {
        global("collections", "OrderedDict")
        tuple([])
        call()
    }

    /// Replaces a callable and a tuple of arguments by the result.
    mutating func call() {
        put("R")
        memoize()
    }

    /// Replaces the tuple on the stack by the object that the reader has for it.
    mutating func persistent() { put("Q") }

    /// Adds items to the dictionary on the stack, at most a thousand in a batch.
    ///
    /// - Parameters:
    ///   - items: the items.
    ///   - body: puts an item's key and value on the stack.
    mutating func setItems<Item>(_ items: [Item], _ body: (inout PickleWriter, Item) -> Void) {
        var rest = items[...]
        while !rest.isEmpty {
            let batch = rest.prefix(1000)
            rest = rest.dropFirst(1000)
            if batch.count > 1 { put("(") }
            for item in batch { body(&self, item) }
            put(batch.count > 1 ? "u" : "s")
        }
    }

    private mutating func remembered(_ object: Memo, _ write: (inout PickleWriter) -> Void) {
        if let number = memo[object] {
            place(number, short: "h", long: "j")
        } else {
            write(&self)
            memo[object] = memoized
            memoize()
        }
    }

    private mutating func memoize() {
        place(memoized, short: "q", long: "r")
        memoized += 1
    }

    /// An instruction with a place in the memo.
    private mutating func place(_ number: Int, short: Unicode.Scalar, long: Unicode.Scalar) {
        if let small = UInt8(exactly: number) {
            put(short)
            bytes.append(small)
        } else {
            put(long)
            bytes.append(littleEndian: UInt32(number))
        }
    }

    private mutating func put(_ instruction: Unicode.Scalar) {
        bytes.append(UInt8(truncatingIfNeeded: instruction.value))
    }
}
