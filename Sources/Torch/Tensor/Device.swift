import CTorch

/// Where tensors live and operations run.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    /// The kind of a device.
    public enum Kind: Int8, Sendable {
        /// The processor.
        case cpu = 0
        /// An NVIDIA GPU.
        case cuda = 1
    }

    /// The kind of the device.
    public let kind: Kind
    /// The device's number among those of its kind; 0 for the CPU.
    public let index: Int

    /// The processor.
    public static let cpu = Device(kind: .cpu, index: 0)

    /// The GPU with a number among the visible ones.
    public static func cuda(_ index: Int) -> Device {
        Device(kind: .cuda, index: index)
    }

    private init(kind: Kind, index: Int) {
        self.kind = kind
        self.index = index
    }

    init(type: Int8, index: Int8) {
        self.init(kind: Kind(rawValue: type) ?? .cpu, index: max(0, Int(index)))
    }

    /// Reads PyTorch's spelling: `cpu`, `cuda`, `cuda:1`; nil for anything else.
    public init?(_ text: String) {
        switch text.split(separator: ":", omittingEmptySubsequences: false) {
        case ["cpu"]: self = .cpu
        case ["cuda"]: self = .cuda(0)
        case let parts where parts.count == 2 && parts[0] == "cuda":
            guard let index = Int(parts[1]), (0..<128).contains(index) else { return nil }
            self = .cuda(index)
        default: return nil
        }
    }

    /// PyTorch's spelling.
    public var description: String {
        kind == .cpu ? "cpu" : "cuda:\(index)"
    }

    func options(_ dtype: DType) -> ct_options {
        ct_options(dtype: dtype.rawValue, device_type: kind.rawValue, device_index: Int8(clamping: index))
    }
}
