import ArgumentParser
import Foundation
import TrainingBoard

/// `lockstep board`: a page that follows runs.
struct BoardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "board",
        abstract: "Serves a page that follows running and finished runs.",
        discussion: """
            Prints the page's address, and serves until Ctrl-C. Only this machine sees the page unless --host names an \
            address that others reach; they then need the token in the printed address. Nothing is encrypted.
            """)

    @Argument(help: ArgumentHelp("A folder of runs, or of one run.", valueName: "folder of runs"))
    var folder = "runs"

    @Option(help: "The address to serve on; 0.0.0.0 for all of this machine's.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 for any free one. (default: 6070, or the next free one)")
    var port: Int?

    @Option(
        help:
            "What others have to know to see the page. (default: with another host than this machine alone, a random one)"
    )
    var token: String?

    @Flag(help: "Ends when standard input does, as when the program that started this one has ended.")
    var untilStdinCloses = false

    func validate() throws { _ = try server() }

    func run() async throws {
        let server = try server()
        let stop = StopRequests(untilInputEnds: untilStdinCloses)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run { address in
                    print("lockstep: the board is at \(address)")
                    fflush(nil)
                }
            }
            group.addTask {
                await stop.first()
                // Nothing has been written that would have to be finished, and pages see their connections close.
                if !Task.isCancelled { _exit(0) }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func server() throws -> BoardServer {
        do {
            return try BoardServer(BoardOptions(folder: folder, host: host, port: port, token: token))
        } catch let error as BoardError {
            throw ValidationError(error.message)
        }
    }
}
