#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Tensor: CustomStringConvertible {
    /// The elements in nested brackets, long dimensions abbreviated, with the type where it is not the usual one.
    public var description: String {
        var text = "tensor(" + TensorFormatter(self).text(indent: 7)
        if ![.float32, .int64, .bool].contains(dtype) { text += ", dtype: \(dtype)" }
        if device != .cpu { text += ", device: \(device)" }
        if requiresGrad { text += ", requiresGrad: true" }
        return text + ")"
    }

    /// Shape and type alone, for messages: `[32, 784] float32`.
    public var summary: String {
        "\(shape) \(dtype)" + (device == .cpu ? "" : " \(device)")
    }
}

/// Lays out the elements of one tensor with a common format for all of them, as PyTorch prints them.
private struct TensorFormatter {
    private static let threshold = 1000
    private static let edge = 3

    private let tensor: Tensor
    private let isAbbreviated: Bool
    private let style: Style
    private let width: Int

    private enum Style {
        case boolean, integer
        case fixed(decimals: Int)
        case scientific
    }

    init(_ tensor: Tensor) {
        let plain = withoutGradients { tensor.detach().to(.cpu) }
        self.tensor = plain
        isAbbreviated = plain.count > Self.threshold
        let shown = Self.edges(of: plain, abbreviated: isAbbreviated).array(of: Double.self)
        style = Self.style(for: shown, dtype: plain.dtype)
        let format = style
        width = shown.map { Self.format($0, format).count }.max() ?? 0
    }

    func text(indent: Int) -> String {
        text(of: tensor, indent: indent)
    }

    private func text(of part: Tensor, indent: Int) -> String {
        guard part.dim > 0 else {
            let text = Self.format(part.item(as: Double.self), style)
            return tensor.dim == 0 ? text : String(repeating: " ", count: width - text.count) + text
        }
        let size = part.size(0)
        let hidden = isAbbreviated && size > 2 * Self.edge
        let indices = hidden ? Array(0..<Self.edge) + Array(size - Self.edge..<size) : Array(0..<size)
        var rows = indices.map { text(of: part.select(dim: 0, $0), indent: indent + 1) }
        if hidden { rows.insert("...", at: Self.edge) }
        let separator =
            part.dim == 1
            ? ", "
            : "," + String(repeating: "\n", count: part.dim - 1) + String(repeating: " ", count: indent + 1)
        return "[" + rows.joined(separator: separator) + "]"
    }

    /// The elements that will be shown.
    private static func edges(of tensor: Tensor, abbreviated: Bool) -> Tensor {
        guard abbreviated else { return tensor }
        var part = tensor
        for dim in 0..<tensor.dim where tensor.size(dim) > 2 * edge {
            let size = tensor.size(dim)
            part = Tensor.cat(
                [
                    part.narrow(dim: dim, start: 0, length: edge),
                    part.narrow(dim: dim, start: size - edge, length: edge),
                ],
                dim: dim)
        }
        return part
    }

    private static func style(for values: [Double], dtype: DType) -> Style {
        if dtype == .bool { return .boolean }
        if !dtype.isFloatingPoint { return .integer }
        let finite = values.filter { $0.isFinite && $0 != 0 }.map { Swift.abs($0) }
        guard let least = finite.min(), let most = finite.max() else { return .fixed(decimals: 0) }
        let isWhole = values.allSatisfy { !$0.isFinite || $0 == $0.rounded() }
        if most >= 1e8 || most / least > 1000 && !isWhole || least < 1e-4 && !isWhole { return .scientific }
        return .fixed(decimals: isWhole ? 0 : 4)
    }

    private static func format(_ value: Double, _ style: Style) -> String {
        switch style {
        case .boolean: value != 0 ? "true" : "false"
        case .integer: "\(Int64(value))"
        case .fixed(let decimals) where value.isFinite:
            decimals == 0 ? printed("%.0f.", value) : printed("%.4f", value)
        case .scientific where value.isFinite: printed("%.4e", value)
        default: value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
        }
    }

    private static func printed(_ format: String, _ value: Double) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
            let length = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, format, $0) }
            return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
