import Foundation

/// A terminal of a test's own: what is written to its `descriptor` can be read back.
final class PseudoTerminal {
    /// The side that a program would write to.
    let descriptor: Int32
    private let controller: Int32

    struct Failure: Error { let number = errno }

    init(columns: Int) throws {
        var controller: Int32 = -1
        var descriptor: Int32 = -1
        guard openpty(&controller, &descriptor, nil, nil, nil) == 0 else { throw Failure() }
        self.controller = controller
        self.descriptor = descriptor
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else { throw Failure() }
        // Line feeds are to be read as they were written.
        cfmakeraw(&settings)
        guard tcsetattr(descriptor, TCSANOW, &settings) == 0 else { throw Failure() }
        try resize(columns: columns)
    }

    deinit {
        close(descriptor)
        close(controller)
    }

    func resize(columns: Int) throws {
        var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(controller, UInt(TIOCSWINSZ), &size) == 0 else { throw Failure() }
    }

    /// What was written since the last call.
    func textWritten() throws -> String {
        // A mark of our own, behind everything else, tells when all has arrived.
        let mark: UInt8 = 0
        guard withUnsafeBytes(of: mark, { write(descriptor, $0.baseAddress, 1) }) == 1 else { throw Failure() }
        var text: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while text.last != mark {
            let count = read(controller, &block, block.count)
            guard count > 0 else { throw Failure() }
            text += block[..<count]
        }
        return String(decoding: text.dropLast(), as: UTF8.self)
    }
}
