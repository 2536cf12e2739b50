import CTorch

extension Tensor {
    /// The elements of this parameter that have had a gradient in any backward pass so far, as ranges in the order of
    /// memory; nil where nothing is known, and any element may have one.
    ///
    /// A convolution's weight has some: taps of its kernel that only ever meet padding get no gradient. All other elements
    /// of the gradient are exactly zero. The ranges grow when images of another size come.
    package var gradientSupport: [Range<Int>]? {
        var count: Int32 = 0
        require(withHandle { ct_gradient_support($0, nil, 0, &count) }, "gradientSupport", [self])
        guard count >= 0 else { return nil }
        var bounds = [Int64](repeating: 0, count: 2 * Int(count))
        require(withHandle { ct_gradient_support($0, &bounds, count, &count) }, "gradientSupport", [self])
        return stride(from: 0, to: bounds.count, by: 2).map { Int(bounds[$0])..<Int(bounds[$0 + 1]) }
    }

    /// Lets convolutions write the gradient of this weight straight to `memory`, as a view of it, in every backward pass
    /// that begins without a gradient; nil for memory of their own.
    ///
    /// - Parameter memory: of this tensor's shape, strides, type and device. What it holds is overwritten.
    package func setGradientMemory(_ memory: Tensor?) {
        withExtendedLifetime(memory) {
            require(
                withHandle { ct_set_gradient_memory($0, memory?.handle) }, "setGradientMemory", [self, memory])
        }
    }
}
