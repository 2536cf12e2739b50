extension ProcessGroup {
    /// Tells the other ranks what this one does from now on, in words that follow `it is`.
    ///
    /// It costs a few stores to memory. Ranks of the machine see it at once, others when records are exchanged. Called on
    /// one thread at a time.
    /// ```swift
    /// group.note("in training step", 12, " (backward pass)")
    /// ```
    package func note(_ text: StaticString, _ number: Int, _ rest: StaticString = "") {
        withUnsafeTemporaryAllocation(byteCount: RecordPage.activityCapacity, alignment: 8) { buffer in
            var count = 0
            func append(_ bytes: UnsafeRawBufferPointer) {
                let taken = min(bytes.count, buffer.count - count)
                UnsafeMutableRawBufferPointer(rebasing: buffer[count..<(count + taken)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(taken)))
                count += taken
            }
            text.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
            var place = UInt64(max(0, number))
            var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
            withUnsafeMutableBytes(of: &digits) { digits in
                var start = digits.count
                repeat {
                    start -= 1
                    digits[start] = UInt8(ascii: "0") + UInt8(place % 10)
                    place /= 10
                } while place > 0
                start -= 1
                digits[start] = UInt8(ascii: " ")
                append(UnsafeRawBufferPointer(rebasing: digits[start...]))
            }
            rest.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
            recorder.page.note(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// The same for a text without a number, which may be made for the purpose.
    package func note(_ text: String) {
        var text = text
        text.withUTF8 { recorder.page.note(UnsafeRawBufferPointer($0)) }
    }
}

extension ProcessGroup {
    /// When collectives begin and end, for a trace.
    package var timeline: CollectiveTimeline { recorder.timeline }
}
