import Torch

/// A class or function that a pickle may name; all others are refused.
///
/// None of them is called: what PyTorch's would make is made here.
enum PickleGlobal: Hashable {
    case orderedDictionary, counter, size, device, encode, bytes, byteArray
    case rebuildTensor, rebuildTypedTensor, rebuildParameter, rebuildParameterWithState, rebuildFromType
    case tensor, parameter
    /// The type of a storage's elements; nil for one of bytes.
    case storage(DType?)
    /// The number of a name in ``elementTypes``.
    case elementType(Int8)

    /// The global of a module and a name; nil where it is not allowed.
    init?(module: String, name: String) {
        guard let known = Self.known["\(module) \(name)"] else { return nil }
        self = known
    }

    /// PyTorch's names for types of elements, of which tensors here have some.
    static let elementTypes = [
        "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool", "bfloat16", "uint16",
        "uint32", "uint64", "complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
        "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "qint8", "quint8", "qint32", "quint4x2", "quint2x4",
    ]

    /// Its name in Python.
    var name: String {
        switch self {
        case .storage(nil): "torch.UntypedStorage"
        case .elementType(let number): "torch.\(Self.elementTypes[Int(number)])"
        default: Self.known.first { $0.value == self }?.key.replacing(" ", with: ".") ?? "\(self)"
        }
    }

    private static let known: [String: PickleGlobal] = {
        var known: [String: PickleGlobal] = [
            "collections OrderedDict": .orderedDictionary, "collections Counter": .counter,
            "torch Size": .size, "torch device": .device, "_codecs encode": .encode,
            "__builtin__ bytes": .bytes, "builtins bytes": .bytes,
            "__builtin__ bytearray": .byteArray, "builtins bytearray": .byteArray,
            "torch._utils _rebuild_tensor_v2": .rebuildTensor,
            "torch._utils _rebuild_tensor_v3": .rebuildTypedTensor,
            "torch._utils _rebuild_parameter": .rebuildParameter,
            "torch._utils _rebuild_parameter_with_state": .rebuildParameterWithState,
            "torch._tensor _rebuild_from_type_v2": .rebuildFromType,
            "torch Tensor": .tensor, "torch.nn.parameter Parameter": .parameter,
            "torch.storage UntypedStorage": .storage(nil), "torch UntypedStorage": .storage(nil),
        ]
        for (number, name) in elementTypes.enumerated() { known["torch \(name)"] = .elementType(Int8(number)) }
        for dtype in DType.allCases { known["torch \(dtype.storageClass)"] = .storage(dtype) }
        return known
    }()
}

extension DType {
    /// The type of a name that PyTorch has; nil where tensors here have no such type.
    init?(pyTorchName name: String) {
        guard let match = DType.allCases.first(where: { $0.description == name }) else { return nil }
        self = match
    }
}
