import OrderedCollections
import Torch

/// The file `data.pkl`: an `OrderedDict` of tensors, each a place in one of the archive's storages.
enum PyTorchPickle {
    /// The pickle of tensors by name.
    static func bytes(of state: StateDictionary, in storages: PyTorchStorages) -> [UInt8] {
        var writer = PickleWriter()
        writer.orderedDictionary()
        writer.setItems(Array(zip(state.elements, storages.places))) { writer, item in
            let (entry, place) = item
            writer.text(entry.key, isShared: false)
            writer.tensor(entry.value.shape, at: place, of: storages.storages[place.storage])
        }
        writer.stop()
        return writer.bytes
    }
}

extension PickleWriter {
    /// Puts a contiguous tensor without gradient on the stack.
    fileprivate mutating func tensor(
        _ shape: [Int], at place: PyTorchStorages.Place, of storage: PyTorchStorages.Storage
    ) {
        global("torch._utils", "_rebuild_tensor_v2")
        tuple(6) { writer in
            writer.tuple(5) { writer in
                writer.text("storage", isShared: true)
                writer.global("torch", storage.dtype.storageClass)
                writer.text("\(place.storage)", isShared: true)
                // Whatever the device was: the file can be loaded where there is none of its kind.
                writer.text("cpu", isShared: true)
                writer.integer(storage.count)
            }
            writer.persistent()
            writer.integer(place.offset)
            writer.tuple(shape)
            writer.tuple(Self.strides(of: shape))
            // It requires no gradient, and has no hooks for one.
            writer.no()
            writer.orderedDictionary()
        }
        call()
    }

    /// The elements to step over along each dimension, as PyTorch counts them for tensors without elements too.
    private static func strides(of shape: [Int]) -> [Int] {
        var strides = shape
        var stride = 1
        for (dimension, size) in shape.enumerated().reversed() {
            strides[dimension] = stride
            stride &*= max(size, 1)
        }
        return strides
    }
}

extension DType {
    /// The class of `torch` that stands for the type of a storage's elements.
    var storageClass: String {
        switch self {
        case .uint8: "ByteStorage"
        case .int8: "CharStorage"
        case .int16: "ShortStorage"
        case .int32: "IntStorage"
        case .int64: "LongStorage"
        case .float16: "HalfStorage"
        case .bfloat16: "BFloat16Storage"
        case .float32: "FloatStorage"
        case .float64: "DoubleStorage"
        case .bool: "BoolStorage"
        }
    }
}
