import CTorch
import TorchNN

extension GradientSynchronizer {
    /// The buckets in which gradients are averaged, as numbers of parameters; none where they are averaged at once.
    ///
    /// From three ranks on, the last bits of a sum depend on the place of its elements in a bucket. Buckets are laid out
    /// anew after the first step, so a training that goes on has to begin with those that it had. All ranks call it
    /// together.
    ///
    /// - Throws: ``DistributedError``.
    package func bucketLayout() throws -> [[Int]] {
        var order = [Int32](repeating: 0, count: parameterCount)
        var bucketOf = order
        let count = ct_reducer_layout(reducer, &order, &bucketOf)
        guard count >= 0 else { throw group.error("asking for the buckets of gradients") }
        var layout = [[Int]](repeating: [], count: Int(count))
        guard count > 0 else { return [] }
        for (parameter, bucket) in zip(order, bucketOf) { layout[Int(bucket)].append(Int(parameter)) }
        return layout
    }

    /// Averages in buckets that ``bucketLayout()`` gave; before the first step.
    ///
    /// A layout of other parameters is passed over.
    ///
    /// - Throws: ``DistributedError``.
    package func use(_ layout: [[Int]]) throws {
        let order = layout.flatMap(\.self).map { Int32(clamping: $0) }
        guard averagingReason != nil, order.sorted() == (0..<Int32(parameterCount)).map(\.self) else { return }
        let bucketOf = layout.enumerated().flatMap { bucket, parameters in parameters.map { _ in Int32(bucket) } }
        guard ct_reducer_use_layout(reducer, order, bucketOf, Int32(order.count)) else {
            throw group.error("laying out the buckets of gradients")
        }
    }
}
