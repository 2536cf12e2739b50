import Torch

/// The order in which a tensor's dimensions lie in memory, and the copy of its elements into the order of files.
///
/// Weights of convolutions lie otherwise than their shape says. They are copied as they lie, which is as fast as memory
/// is, and brought in order when training no longer waits.
struct DimensionOrder: Sendable, Hashable {
    /// The merged dimensions in the order of files, the last one contiguous there.
    private var sizes: [Int] = []
    /// The distance between neighbours along each of them in memory, in elements.
    private var strides: [Int] = []

    /// The dimensions of a tensor of that shape, of which `order` lists the outermost in memory first.
    init(shape: [Int], outermostFirst order: [Int]) {
        var lying = [Int](repeating: 1, count: shape.count)
        var stride = 1
        for dimension in order.reversed() {
            lying[dimension] = stride
            stride *= shape[dimension]
        }
        for (size, stride) in zip(shape, lying) where size != 1 {
            if let outer = strides.last, outer == stride * size {
                sizes[sizes.count - 1] *= size
                strides[strides.count - 1] = stride
            } else {
                sizes.append(size)
                strides.append(stride)
            }
        }
    }

    /// Dimensions by their distance in memory, the outermost first.
    static func outermostFirst(_ tensor: Tensor) -> [Int] {
        let strides = tensor.strides
        return strides.indices.sorted { (-strides[$0], $0) < (-strides[$1], $1) }
    }

    /// Copies all elements of `size` bytes from memory as it lies to the order of files.
    func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, elementSize size: Int) {
        switch size {
        case 1: copy(source, target, as: UInt8.self)
        case 2: copy(source, target, as: UInt16.self)
        case 4: copy(source, target, as: UInt32.self)
        default: copy(source, target, as: UInt64.self)
        }
    }

    private func copy<Element: FixedWidthInteger>(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, as type: Element.Type
    ) {
        let count = sizes.reduce(1, *)
        guard count > 0 else { return }
        var target = target.bindMemory(to: type, capacity: count)
        copy(0, source.bindMemory(to: type, capacity: count), &target)
    }

    private func copy<Element: FixedWidthInteger>(
        _ dimension: Int, _ source: UnsafePointer<Element>, _ target: inout UnsafeMutablePointer<Element>
    ) {
        guard dimension < sizes.count else {
            target.pointee = source.pointee
            target += 1
            return
        }
        let (size, stride) = (sizes[dimension], strides[dimension])
        guard dimension == sizes.count - 1 else {
            for index in 0..<size { copy(dimension + 1, source + index * stride, &target) }
            return
        }
        for index in 0..<size { target[index] = source[index * stride] }
        target += size
    }
}
