import Torch

extension UnsafeRawBufferPointer {
    /// A checksum of the bytes, in order, the same in all processes (FNV-1a over words of eight bytes).
    var digest: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var offset = 0
        while offset + 8 <= count {
            hash = (hash ^ loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01b3
            offset += 8
        }
        while offset < count {
            hash = (hash ^ UInt64(self[offset])) &* 0x100_0000_01b3
            offset += 1
        }
        return hash
    }
}

extension Tensor {
    /// A checksum of the elements' bytes, in order, wherever they lie.
    package var digest: UInt64 { detach().to(.cpu).contiguous().withUnsafeBytes { $0.digest } }
}
