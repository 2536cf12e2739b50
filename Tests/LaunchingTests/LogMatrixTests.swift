import Foundation
import Testing

@testable import Launching

/// What ranks write, byte for byte: on its way to the launcher's streams, and in their logs.
@Suite("All that ranks write", .serialized)
struct LogMatrixTests {
    /// What ranks write to a stream, and how.
    struct Writing: Sendable, CustomTestStringConvertible {
        let name: String
        /// The command that writes the file `$file`.
        var command = "cat $file"
        var worldSize = 4
        let text: @Sendable (_ rank: Int, _ stream: String) -> String
        var testDescription: String { name }

        init(
            _ name: String, command: String = "cat $file", worldSize: Int = 4,
            text: @escaping @Sendable (_ rank: Int, _ stream: String) -> String
        ) {
            self.name = name
            self.command = command
            self.worldSize = worldSize
            self.text = text
        }
    }

    private static func inPieces(of size: Int) -> String { "dd status=none bs=\(size) if=$file" }

    static let writings = [
        Writing("50,000 lines at full speed") { rank, stream in
            (0..<50_000).map { "\(rank) \(stream) line \($0)\n" }.joined()
        },
        Writing("lines of 100 kB") { rank, stream in
            (0..<10).map { "\(rank) \(stream) \($0) \(String(repeating: "\($0 % 10)", count: 100_000))\n" }.joined()
        },
        Writing("characters of two to four bytes, a byte at a time", command: inPieces(of: 1)) { rank, stream in
            (0..<40).map { "\(rank) \(stream) \($0) é€🙂ß\n" }.joined()
        },
        Writing("characters of two to four bytes, in pieces of seven", command: inPieces(of: 7)) { rank, stream in
            (0..<300).map { "\(rank) \(stream) \($0) é€🙂€é\n" }.joined()
        },
        Writing("carriage returns alone", command: inPieces(of: 5)) { rank, stream in
            (0..<100).map { "\(rank) \(stream) \($0) %\r" }.joined() + "\(rank) \(stream) done\n"
        },
        Writing("carriage returns before line feeds", command: inPieces(of: 5)) { rank, stream in
            (0..<200).map { "\(rank) \(stream) \($0)\r\n" }.joined()
        },
        Writing("empty lines, and a last one without an end") { rank, stream in
            "\n\n\(rank) \(stream)\n\n\n\(rank) \(stream) end"
        },
        Writing("lines of one rank alone", worldSize: 1) { _, stream in
            (0..<1000).map { "\(stream) \($0)\n" }.joined()
        },
    ]

    private static let streams = ["out", "err"]

    @Test(
        "arrives whole in both streams, and is in the logs as it was, also if ranks are killed right afterwards",
        arguments: writings, [false, true])
    func arrives(_ writing: Writing, isKilled: Bool) async throws {
        let ranks = 0..<writing.worldSize
        let texts = ranks.map { rank in
            Dictionary(uniqueKeysWithValues: Self.streams.map { ($0, writing.text(rank, $0)) })
        }
        // All have written before the first is killed, which is the end of the others.
        let script = """
            cd $LAUNCH_FOLDER
            put() { file=in-$RANK.$1; \(writing.command); }
            put err >&2 & put out; wait
            \(isKilled ? "" : "exit 0")
            touch done-$RANK
            until test $(ls done-* | wc -l) = \(writing.worldSize); do sleep 0.01; done
            kill -9 $$
            """
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let errors = try Descriptor(taking: open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
        let run = try LaunchRun(
            ["--nproc", "\(writing.worldSize)", "--foreign", "--log-directory"], foreign: script,
            inherited: [(errors, STDERR_FILENO)]
        ) { folder in
            for rank in ranks {
                for (stream, text) in texts[rank] {
                    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/in-\(rank).\(stream)"))
                }
            }
            return folder + "/logs"
        }
        #expect(try await run.end() == .exited(isKilled ? 137 : 0))
        for rank in ranks {
            for (stream, text) in texts[rank] {
                let log = try Data(contentsOf: URL(fileURLWithPath: "\(run.folder)/logs/rank-\(rank).\(stream)"))
                #expect(log == Data(text.utf8), "rank-\(rank).\(stream)")
            }
        }
        let output = Self.byRank(Data(try run.output().utf8))
        let diagnostics = Self.byRank(try Data(contentsOf: URL(fileURLWithPath: path)))
        for rank in ranks {
            for (stream, text) in texts[rank] {
                let found = stream == "out" ? output[rank] : diagnostics[rank]
                #expect(found == Self.expected(text, of: rank), "rank \(rank)'s \(stream)")
            }
        }
        #expect((diagnostics[-1] != nil) == isKilled)
        #expect(Set(output.keys) == Set(ranks))
    }

    /// The lines of each rank by what stands in front, and under -1 the report, which comes last.
    private static func byRank(_ bytes: Data) -> [Int: Data] {
        let prefix = Array("[rank ".utf8)
        let reportMark = Data(" (pid ".utf8)
        var found: [Int: Data] = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            let line = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            var rank = 0
            if found[-1] != nil || (line.count < 300 && line.range(of: reportMark) != nil) {
                rank = -1
            } else if line.starts(with: prefix) {
                rank = Int(line[line.startIndex + prefix.count]) - 48
            }
            found[rank, default: Data()] += line + [UInt8(ascii: "\n")]
        }
        return found
    }

    /// Rank 0's text as it is, and others' in lines with the rank in front; the last line has an end.
    ///
    /// A carriage return is the end of a line too.
    private static func expected(_ text: String, of rank: Int) -> Data {
        if rank == 0 { return Data((text.hasSuffix("\n") || text.hasSuffix("\r\n") ? text : text + "\n").utf8) }
        var lines = text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\r", with: "\n")
            .components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        return Data(lines.map { "[rank \(rank)] \($0)\n" }.joined().utf8)
    }
}
