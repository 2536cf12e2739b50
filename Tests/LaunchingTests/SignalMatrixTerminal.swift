import Foundation
import Glibc

@testable import Launching

/// A terminal as a user has it, which echoes, ends lines with a carriage return, and makes signals of keys.
final class SignalMatrixTerminal {
    /// The file that a process opens to have it.
    let path: String
    private var screen: Descriptor?
    /// Keeps what has been written from being lost when no process has the terminal.
    private let held: Descriptor
    private var bytes: [UInt8] = []

    init() throws {
        let (reading, writing) = try PseudoTerminal.pair()
        reading.setNonblocking()
        path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(writing.number)")
        var settings = termios()
        tcgetattr(writing.number, &settings)
        settings.c_iflag |= tcflag_t(ICRNL | IXON)
        settings.c_oflag |= tcflag_t(OPOST | ONLCR)
        settings.c_lflag |= tcflag_t(ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN)
        tcsetattr(writing.number, TCSANOW, &settings)
        (screen, held) = (reading, writing)
    }

    /// All that has been written to it.
    var text: String {
        var block = [UInt8](repeating: 0, count: 1 << 12)
        while let screen, case let count = read(screen.number, &block, block.count), count > 0 {
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The lines that have been written to it; a carriage return before the end is the terminal's.
    var lines: [String] { text.split(whereSeparator: \.isNewline).map(String.init) }

    /// How it behaves, as bytes that can be compared.
    var settings: [UInt8] {
        var settings = termios()
        tcgetattr(held.number, &settings)
        return withUnsafeBytes(of: &settings) { Array($0) }
    }

    /// Whether the cursor is to be seen, by what was written last about it.
    var showsCursor: Bool { text.matches(of: /\u{1B}\[\?25([hl])/).last.map { $0.1 == "h" } ?? true }

    /// Types keys.
    func type(_ keys: String) {
        guard let screen else { return }
        _ = Array(keys.utf8).withUnsafeBytes { write(screen.number, $0.baseAddress, $0.count) }
    }

    /// Closes the window, or cuts the line.
    func hangUp() { screen = nil }
}
