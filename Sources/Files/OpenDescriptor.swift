import Glibc

/// Writing to a file descriptor that may be a file, a pipe or a terminal, and belongs to somebody else.
package enum OpenDescriptor {
    /// Writes bytes until all are taken or the system refuses.
    ///
    /// - Parameter written: How many bytes were taken, in either case.
    /// - Returns: The refusal, or nil when all are taken.
    package static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, written: inout Int
    ) -> SystemFailure? {
        written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                written += count
                continue
            }
            switch count < 0 ? errno : EIO {
            case EINTR: continue
            case EAGAIN:
                // The descriptor was set not to block, by us or by whoever shares it.
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            case let number: return SystemFailure(number)
            }
        }
        return nil
    }

    /// Writes bytes until all are taken or the system refuses; the refusal is returned.
    package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> SystemFailure? {
        var written = 0
        return write(bytes, to: descriptor, written: &written)
    }
}
