import Files
import Glibc

/// Lines that were printed and not yet written.
///
/// A program that prints in every step prints more often than anybody reads, and each write costs as much as a small
/// step. Lines to a file or a pipe wait in C's standard output, so that they keep their order among those printed
/// otherwise; lines to a terminal wait here, since what hides the bar is written around them.
struct PendingLines {
    /// Nanoseconds between two writes.
    static let interval: UInt64 = 10_000_000

    /// Where the lines go that wait; nil when none does.
    private(set) var descriptor: Int32?
    /// Whether somebody will write them, whatever happens.
    var isWritePlanned = false
    private var nextWrite: UInt64 = 0
    private var bytes: [UInt8] = []
    private let isOutputTerminal = isatty(STDOUT_FILENO) == 1

    /// Whether lines that come now may wait.
    func canWait(at time: UInt64) -> Bool { time < nextWrite }

    /// Takes a line for a descriptor to which those that wait go too.
    mutating func append(_ line: String, to descriptor: Int32) {
        self.descriptor = descriptor
        if isStandardIO(descriptor) {
            puts(line)
        } else {
            bytes.append(contentsOf: line.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// Writes all that waits; the system's refusal is returned.
    mutating func write(at time: UInt64) -> SystemFailure? {
        guard let descriptor else { return nil }
        self.descriptor = nil
        nextWrite = time &+ Self.interval
        // What was printed otherwise until now comes first.
        let status = fflush(nil)
        guard !isStandardIO(descriptor) else { return status == 0 ? nil : SystemFailure(errno) }
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes.withUnsafeBytes { OpenDescriptor.write($0, to: descriptor) }
    }

    private func isStandardIO(_ descriptor: Int32) -> Bool { descriptor == STDOUT_FILENO && !isOutputTerminal }
}
