import Files
import Glibc

/// The exchange of two names in one step, which the C library's headers hide from Swift.
enum NameExchange {
    private typealias Function =
        @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

    /// RENAME_EXCHANGE of `renameat2`.
    private static let exchange: UInt32 = 1 << 1

    /// Exchanges the names of two files or folders in one file system.
    ///
    /// - Returns: Why they were not exchanged: ENOSYS where the system cannot do that; nil when they were.
    static func exchange(_ first: String, _ second: String) -> SystemFailure? {
        guard let symbol = dlsym(nil, "renameat2") else { return SystemFailure(ENOSYS) }
        let function = unsafeBitCast(symbol, to: Function.self)
        return function(AT_FDCWD, first, AT_FDCWD, second, exchange) == 0 ? nil : SystemFailure(errno)
    }
}
