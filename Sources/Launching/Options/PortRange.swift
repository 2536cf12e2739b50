import ArgumentParser

/// A range of TCP ports, such as `23500-23599`.
public struct PortRange: Sendable, Hashable, CustomStringConvertible {
    /// The ports.
    public let ports: ClosedRange<Int>

    /// Reads `23500-23599`, or one port.
    ///
    /// - Throws: `ValidationError` that says what is wrong with the text.
    public init(_ text: String) throws {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(numbers.count), let first = numbers[0], let last = numbers[numbers.count - 1] else {
            throw ValidationError("expected a range of ports such as 23500-23599")
        }
        guard (1...65535).contains(first), (1...65535).contains(last), first <= last else {
            throw ValidationError("ports are between 1 and 65535, and a range begins with the lower one")
        }
        ports = first...last
    }

    /// The text that stands for it on a command line.
    public var description: String { "\(ports.lowerBound)-\(ports.upperBound)" }
}
