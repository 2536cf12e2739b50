#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Tensor: CustomStringConvertible {
    /// The elements in nested brackets as PyTorch prints them: one format for all, long dimensions abbreviated, lines
    /// of at most 80 characters, and the type where it is not the usual one.
    public var description: String {
        var text = "tensor(" + TensorFormatter(self).text()
        if count == 0, dim != 1 { text += ", size: \(shape)" }
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

/// Lays out the elements of one tensor with a common format for all of them.
private struct TensorFormatter {
    private static let threshold = 1000
    private static let edge = 3
    private static let lineWidth = 80
    private static let prefixWidth = 7  // of `tensor(`

    private let tensor: Tensor
    private let isAbbreviated: Bool
    private let style: Style
    private let width: Int

    private enum Style {
        case boolean, integer, whole, fixed, scientific
    }

    init(_ tensor: Tensor) {
        let plain = withoutGradients { tensor.detach().to(.cpu) }
        self.tensor = plain
        isAbbreviated = plain.count > Self.threshold
        let shown = Self.edges(of: plain, abbreviated: isAbbreviated)
        style = Self.style(of: shown)
        width = Self.width(of: shown, style)
    }

    func text() -> String {
        tensor.count == 0 ? "[]" : text(of: tensor, indent: Self.prefixWidth)
    }

    private func text(of part: Tensor, indent: Int) -> String {
        guard part.dim > 0 else { return padded(Self.texts(of: part, style)[0]) }
        let size = part.size(0)
        let hidden = isAbbreviated && size > 2 * Self.edge
        let newLine = { (count: Int) in
            "," + String(repeating: "\n", count: count) + String(repeating: " ", count: indent + 1)
        }
        guard part.dim > 1 else {
            var texts = Self.texts(of: Self.edges(of: part, abbreviated: isAbbreviated), style).map(padded)
            if hidden { texts.insert(" ...", at: Self.edge) }
            let perLine = Swift.max(1, (Self.lineWidth - indent) / (width + 2))
            let lines = stride(from: 0, to: texts.count, by: perLine).map {
                texts[$0..<Swift.min($0 + perLine, texts.count)].joined(separator: ", ")
            }
            return "[" + lines.joined(separator: newLine(1)) + "]"
        }
        let indices = hidden ? Array(0..<Self.edge) + Array(size - Self.edge..<size) : Array(0..<size)
        var rows = indices.map { text(of: part.select(dim: 0, $0), indent: indent + 1) }
        if hidden { rows.insert("...", at: Self.edge) }
        return "[" + rows.joined(separator: newLine(part.dim - 1)) + "]"
    }

    private func padded(_ text: String) -> String {
        String(repeating: " ", count: Swift.max(0, width - text.count)) + text
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

    private static func style(of shown: Tensor) -> Style {
        if shown.dtype == .bool { return .boolean }
        if !shown.dtype.isFloatingPoint { return .integer }
        let numbers = shown.array(of: Double.self).filter { $0.isFinite && $0 != 0 }
        let magnitudes = numbers.map { Swift.abs($0) }
        guard let least = magnitudes.min(), let most = magnitudes.max() else { return .whole }
        if most / least > 1000 || most > 1e8 || least < 1e-4 { return .scientific }
        return numbers.allSatisfy { $0 == $0.rounded() } ? .whole : .fixed
    }

    /// PyTorch's rule: zeros and what is not finite make a column no wider.
    private static func width(of shown: Tensor, _ style: Style) -> Int {
        let texts = texts(of: shown, style)
        guard shown.dtype.isFloatingPoint else { return texts.map(\.count).max() ?? 1 }
        let counted = zip(shown.array(of: Double.self), texts).filter { $0.0.isFinite && $0.0 != 0 }
        return counted.map(\.1.count).max() ?? 1
    }

    private static func texts(of part: Tensor, _ style: Style) -> [String] {
        switch style {
        case .boolean: part.array(of: Bool.self).map { $0 ? "true" : "false" }
        case .integer: part.array(of: Int64.self).map { "\($0)" }
        case .whole: part.array(of: Double.self).map { printed($0.isFinite ? "%.0f." : "%f", $0) }
        case .fixed: part.array(of: Double.self).map { printed("%.4f", $0) }
        case .scientific: part.array(of: Double.self).map { printed("%.4e", $0) }
        }
    }

    private static func printed(_ format: String, _ value: Double) -> String {
        guard !value.isNaN else { return "nan" }  // C may write a sign
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
            let length = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, format, $0) }
            return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
