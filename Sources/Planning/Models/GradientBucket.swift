/// Gradients that are reduced together, once the last of them is there.
public struct GradientBucket: Sendable, Hashable {
    /// Bytes of all of its gradients.
    public let bytes: Int
    /// How much of the backward pass is done when it can be sent, from 0 to 1.
    public let readyAt: Double

    /// How PyTorch's `Reducer` groups gradients: in the order in which they become ready, each bucket up to the first
    /// gradient with which it reaches the limit (`compute_bucket_assignment_by_size` after the first step).
    ///
    /// - Parameters:
    ///   - model: the model; its last layer's gradients are ready first.
    ///   - firstBytes: the limit of the first bucket, which should leave soon.
    ///   - bytes: the limit of the others.
    public static func buckets(of model: ModelCost, firstBytes: Int = 1 << 20, bytes: Int) -> [GradientBucket] {
        var buckets: [GradientBucket] = []
        let whole = model.backwardOperations
        var (done, collected) = (0.0, 0)
        for (index, layer) in model.layers.reversed().enumerated() {
            done += layer.backwardOperations
            let readyAt = whole > 0 ? min(1, done / whole) : Double(index + 1) / Double(model.layers.count)
            for parameter in layer.parameters.reversed() {
                collected += parameter * ModelCost.bytesPerElement
                if collected >= (buckets.isEmpty ? min(firstBytes, bytes) : bytes) {
                    buckets.append(GradientBucket(bytes: collected, readyAt: readyAt))
                    collected = 0
                }
            }
        }
        if collected > 0 { buckets.append(GradientBucket(bytes: collected, readyAt: 1)) }
        return buckets
    }
}
