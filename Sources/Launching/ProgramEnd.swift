package import ArgumentParser
import Foundation

extension AsyncParsableCommand {
    /// Does what the command line says, and ends the process with the status that follows from it.
    ///
    /// Nothing is torn down: handlers of `exit` free what threads of LibTorch and of URLSession may still use
    /// (swiftlang/swift-corelibs-foundation#5469), so that a process would now and then end with an abort. Functions that
    /// were registered with `atexit` are not called.
    ///
    /// - Parameters:
    ///   - arguments: the command line without the program's name; that of the process if nil.
    ///   - atEnd: is told, before the end, whether the command has succeeded.
    package static func runToEnd(
        _ arguments: [String]? = nil, atEnd: (_ succeeded: Bool) -> Void = { _ in }
    ) async -> Never {
        var status = ExitCode.success
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            status = exitCode(for: error)
            let text = fullMessage(for: error)
            if text.isEmpty {
                // Whoever threw has said why.
            } else if status.isSuccess {
                print(text)  // help, or the version
            } else {
                // Where nobody reads it any more, the status tells.
                try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8))
            }
        }
        atEnd(status.isSuccess)
        fflush(nil)
        _exit(status.rawValue)
    }
}
