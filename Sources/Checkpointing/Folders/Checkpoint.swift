public import OrderedCollections
public import Torch

/// What a checkpoint holds: tensors by part, such as `model` and `optimizer`, and a record of plain values.
///
/// ```swift
/// var checkpoint = Checkpoint(step: 120, record: ["epoch": 2])
/// checkpoint.parts["model"] = network.stateDictionary()
/// checkpoint.parts["optimizer"] = optimizer.stateDictionary()
/// ```
public struct Checkpoint {
    /// The number of training steps that were done.
    public var step: Int

    /// Tensors by part; each part becomes the file `NAME.safetensors`.
    ///
    /// A name has letters, digits, `-`, `_` and `.`, and starts with none of the last three.
    public var parts: OrderedDictionary<String, StateDictionary>

    /// Plain values: epoch, position in the data, configuration, world size and the like; the file `state.json`.
    public var record: [String: CheckpointValue]

    /// What was measured of the model at this step, such as `loss`, for ``KeepPolicy/best(_:of:_:)``.
    public var metrics: [String: Double]

    /// Parts that training cannot go on from with a NaN in them: saving one fails, and the checkpoints before it stay.
    public var finiteParts: Set<String>

    /// Creates a checkpoint.
    public init(
        step: Int, parts: OrderedDictionary<String, StateDictionary> = [:], record: [String: CheckpointValue] = [:],
        metrics: [String: Double] = [:], finiteParts: Set<String> = []
    ) {
        self.step = step
        self.parts = parts
        self.record = record
        self.metrics = metrics
        self.finiteParts = finiteParts
    }

    /// Whether a part may have the name: letters, digits, `-`, `_` and `.`, and a letter or digit first.
    public static func isPartName(_ name: String) -> Bool { CheckpointNames.isValid(name) }

    /// The bytes of all tensors, which is what a checkpoint takes on the disk but for some kilobytes.
    public var byteCount: Int {
        parts.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count * $1.dtype.byteCount } }
    }
}
