import Foundation
import Testing

@Suite("lockstep board")
struct BoardCommandTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A board that is served, and what its standard input and output are.
    private struct Served {
        let process = Process()
        let input = Pipe()
        let output = Pipe()

        init(_ arguments: [String]) throws {
            process.executableURL = URL(fileURLWithPath: CommandRun.executable)
            process.arguments = ["board"] + arguments
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        }

        /// The one line that it prints.
        func line() -> String {
            var bytes = Data()
            while !bytes.contains(UInt8(ascii: "\n")) {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                bytes.append(more)
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        func end() -> Int32 {
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : -1
        }
    }

    @Test("it prints its address, and a signal ends it cleanly", arguments: [SIGINT, SIGTERM])
    func signals(number: Int32) throws {
        let board = try Served([folder.path, "--port", "0"])
        let line = board.line()
        #expect(line.hasPrefix("lockstep: the board is at http://127.0.0.1:"))
        #expect(line.hasSuffix("/\n"))
        kill(board.process.processIdentifier, number)
        #expect(board.end() == 0)
    }

    @Test("a page that is open does not keep it from ending")
    func openPage() throws {
        try folder.write(Array(#"{"step":1,"loss":2}"#.utf8) + [0x0A], to: "a/metrics.jsonl")
        let board = try Served([folder.path, "--port", "0"])
        let address = try #require(board.line().split(separator: " ").last).trimmingCharacters(
            in: .whitespacesAndNewlines)
        let page = Process()
        page.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        page.arguments = ["python3", "-c", Self.page, address]
        let output = Pipe()
        page.standardOutput = output
        try page.run()
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).hasPrefix("open"))
        kill(board.process.processIdentifier, SIGTERM)
        #expect(board.end() == 0)
        page.waitUntilExit()
    }

    /// Opens the stream of events, says so, and reads to its end.
    private static let page = """
        import sys, urllib.request
        stream = urllib.request.urlopen(sys.argv[1] + "api/events")
        stream.readline()
        print("open", flush=True)
        try: stream.read()
        except Exception: pass
        """

    @Test("with --until-stdin-closes it ends with the program that started it")
    func standardInput() throws {
        let board = try Served([folder.path, "--port", "0", "--until-stdin-closes"])
        #expect(board.line().contains("http://"))
        try board.input.fileHandleForWriting.close()
        #expect(board.end() == 0)
    }

    @Test("for other machines it makes a token up")
    func token() throws {
        let board = try Served([folder.path, "--port", "0", "--host", "0.0.0.0"])
        #expect(board.line().contains("/?token="))
        kill(board.process.processIdentifier, SIGTERM)
        #expect(board.end() == 0)
    }

    @Test(
        "what cannot be served is named, with what can be done",
        arguments: [
            (["--port", "70000"], "70000 is no port"), (["--token", "x"], "at least 16 letters"),
            (["--host", "192.0.2.1", "--port", "0"], "192.0.2.1"),
        ])
    func refusals(arguments: [String], words: String) throws {
        let run = try CommandRun(["board"] + arguments, in: folder)
        #expect(run.status != 0)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains(words))
    }
}
