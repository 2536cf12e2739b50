import CTorch

extension UnsafeRawBufferPointer {
    /// Begins to bring these bytes into the processor's cache, and does not wait for them.
    package func prefetch() {
        guard let start = baseAddress else { return }
        // Lines of 64 bytes; those with longer ones ignore what is already on its way.
        for offset in stride(from: 0, to: count, by: 64) { ct_prefetch(start + offset) }
    }
}
