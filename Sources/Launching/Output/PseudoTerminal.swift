import Files
import Glibc

/// A terminal that the launcher gives to a rank in place of its own.
enum PseudoTerminal {
    /// Linux's `TIOCSPTLCK` and `TIOCGPTN`, which Swift does not see, nor the functions that are made of them.
    private static let setLock: UInt = 0x4004_5431
    private static let getIndex: UInt = 0x8004_5430

    /// A new pair, of which the rank's end changes nothing of what is written to it.
    ///
    /// - Throws: ``LaunchError`` with `socketUnavailable`.
    static func pair() throws -> (reading: Descriptor, writing: Descriptor) {
        let number = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard number >= 0 else { throw refusal() }
        let reading = try Descriptor(taking: number)
        var (isLocked, index): (Int32, UInt32) = (0, 0)
        guard ioctl(reading.number, setLock, &isLocked) == 0, ioctl(reading.number, getIndex, &index) == 0
        else { throw refusal() }
        // As the controlling terminal it would end the rank when the launcher goes, before the rank has cleaned up.
        let other = open("/dev/pts/\(index)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard other >= 0 else { throw refusal() }
        let writing = try Descriptor(taking: other)
        var settings = termios()
        tcgetattr(writing.number, &settings)
        cfmakeraw(&settings)
        guard tcsetattr(writing.number, TCSANOW, &settings) == 0 else { throw refusal() }
        return (reading, writing)
    }

    /// Makes a terminal as large as another.
    static func copySize(from terminal: Int32, to other: Descriptor) {
        var size = winsize()
        if ioctl(terminal, UInt(TIOCGWINSZ), &size) == 0 { _ = ioctl(other.number, UInt(TIOCSWINSZ), &size) }
    }

    private static func refusal() -> LaunchError {
        .refused(.socketUnavailable, "the system gave no pseudo-terminal", SystemFailure(errno))
    }
}
