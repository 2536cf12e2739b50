import Foundation
import Testing

@testable import Launching

@Suite("The logs of ranks")
struct LauncherLogTests {
    @Test("have all that each rank wrote, as it came, and are named after a failure, also of a rank that was killed")
    func whole() async throws {
        let script = """
            i=0
            while test $i -lt 3000; do i=$((i+1)); echo "$RANK é $i"; echo "$RANK error $i" >&2; done
            printf 'a\\r\\tb\\r\\n\\303' >&2
            test $RANK = 2 && kill -9 $$
            exec sleep 1000
            """
        let run = try LaunchRun(["--nproc", "3", "--foreign", "--log-directory"], foreign: script) { $0 + "/a/b" }
        #expect(try await run.end() == .exited(137))
        let folder = run.folder + "/a/b"
        #expect(try run.diagnostics().last == "all output of the ranks is in \(folder)")
        let names = (0..<3).flatMap { ["rank-\($0).err", "rank-\($0).out"] }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == names)
        let numbers = 1...3000
        #expect(try log("\(folder)/rank-2.out") == Data(numbers.map { "2 é \($0)\n" }.joined().utf8))
        let errors = Data(numbers.map { "2 error \($0)\n" }.joined().utf8) + Data("a\r\tb\r\n".utf8) + [0xC3]
        #expect(try log("\(folder)/rank-2.err") == errors)
        for rank in 0..<2 {
            // These were stopped somewhere.
            let text = String(decoding: try log("\(folder)/rank-\(rank).out"), as: UTF8.self)
            #expect(numbers.map { "\(rank) é \($0)\n" }.joined().hasPrefix(text))
        }
    }

    @Test("go on where there are some, and are not spoken of when the job ends well")
    func appended() async throws {
        let run = try LaunchRun(["--nproc", "1", "--foreign", "--log-directory"], foreign: "echo new") { folder in
            try "old\n".write(toFile: folder + "/rank-0.out", atomically: false, encoding: .utf8)
            return folder
        }
        #expect(try await run.end() == .exited(0))
        #expect(try run.diagnostics() == [])
        #expect(try run.output() == "new\n")
        #expect(try log(run.folder + "/rank-0.out") == Data("old\nnew\n".utf8))
    }

    @Test("that cannot be written keep the job from starting", arguments: ["file", "file/sub", "taken"])
    func unwritable(_ name: String) async throws {
        let run = try LaunchRun(["--nproc", "2", "--foreign", "--log-directory"], foreign: "exec sleep 9") { folder in
            try Data().write(to: URL(fileURLWithPath: folder + "/file"))
            try FileManager.default.createDirectory(
                atPath: folder + "/taken/rank-1.err", withIntermediateDirectories: true)
            return folder + "/" + name
        }
        #expect(try await run.end() == .exited(64))
        let message = try #require(try run.diagnostics().last)
        #expect(message.hasPrefix("logUnwritable: ") && message.contains(run.folder + "/" + name), "\(message)")
        #expect(try run.processes() == [])
    }

    @Test("that take no more are given up with a word, and the job goes on")
    func full() async throws {
        let run = try LaunchRun(["--nproc", "1", "--foreign", "--log-directory"], foreign: "echo a; echo b") { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/rank-0.out", withDestinationPath: "/dev/full")
            return folder
        }
        #expect(try await run.end() == .exited(0))
        #expect(try run.output() == "a\nb\n")
        let lines = try run.diagnostics()
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("\(run.folder)/rank-0.out ends here: ") == true)
    }

    private func log(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
}

extension LaunchRun {
    /// Starts foreign programs, with the folder for logs that `folder` makes of the ranks' folder.
    convenience init(
        _ arguments: [String], foreign script: String, inherited: [(Descriptor, Int32)] = [],
        logsIn folder: (String) throws -> String
    ) throws {
        try self.init(inherited: inherited) { ranks in
            arguments + [try folder(ranks), "ok", "--", "-c", script]
        }
    }
}
