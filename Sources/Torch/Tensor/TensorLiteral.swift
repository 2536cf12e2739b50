import CTorch

/// Numbers written out in the program, nested to any depth: `[[1, 2], [3, 4]]`.
///
/// As in PyTorch, integers alone give `int64`, booleans alone `bool`, and one real number among them `float32`.
/// Rows of different lengths stop the program.
public enum TensorLiteral: ExpressibleByArrayLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    /// One number.
    case number(TensorNumber)
    /// Rows.
    case array([TensorLiteral])

    init(_ number: TensorNumber) { self = .number(number) }
    /// Rows.
    public init(arrayLiteral elements: TensorLiteral...) { self = .array(elements) }
    /// A real number.
    public init(floatLiteral value: Double) { self = .number(.real(value)) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .number(.integer(value)) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .number(.boolean(value)) }

    /// Appends the numbers in order and returns the shape.
    fileprivate func flatten(into numbers: inout [TensorNumber]) -> [Int] {
        switch self {
        case .number(let number):
            numbers.append(number)
            return []
        case .array(let rows):
            let shapes = rows.map { $0.flatten(into: &numbers) }
            if let other = shapes.first(where: { $0 != shapes[0] }) {
                stop("a tensor literal has rows of the shapes \(shapes[0]) and \(other)", operands: [])
            }
            return [rows.count] + (shapes.first ?? [])
        }
    }
}

extension Tensor: ExpressibleByArrayLiteral {
    /// Numbers written out in the program.
    public convenience init(arrayLiteral elements: TensorLiteral...) {
        self.init(.array(elements))
    }

    /// Numbers written out in the program, as a tensor of a given type or the one that they suggest.
    ///
    /// ```swift
    /// let labels = Tensor([0, 0, 1])                       // int64
    /// let inputs = Tensor([[0.5, 1], [2, 3]], dtype: .float64)
    /// ```
    public convenience init(_ literal: TensorLiteral, dtype: DType? = nil, device: Device = .cpu) {
        var numbers: [TensorNumber] = []
        let shape = literal.flatten(into: &numbers)
        var isReal = numbers.isEmpty
        var isBoolean = !numbers.isEmpty
        for number in numbers {
            switch number {
            case .real: (isReal, isBoolean) = (true, false)
            case .integer: isBoolean = false
            case .boolean: break
            }
        }
        let suggested: DType = isBoolean ? .bool : isReal ? .float32 : .int64
        let wide: Tensor =
            isReal
            ? Tensor(copying: numbers.map(\.doubleValue), shape: shape)
            : Tensor(copying: numbers.map { $0.integerValue ?? 0 }, shape: shape)
        let converted = wide.to(dtype ?? suggested).to(device)
        self.init(owning: converted.withHandle { ct_tensor_retain($0) })
    }
}
