import Foundation
import Testing

@testable import Launching

@Suite("A rank that is started")
struct RankSetupTests {
    private func facts(of rank: Int, in run: LaunchRun) throws -> [String: String] {
        let prefix = "[rank \(rank)] "
        let lines = try run.output().split(separator: "\n").filter { $0.hasPrefix("[") == (rank > 0) }
        let line = try #require(lines.first { rank == 0 || $0.hasPrefix(prefix) })
        return try JSONDecoder().decode([String: String].self, from: Data(line.drop { $0 != "{" }.utf8))
    }

    @Test("has torchrun's variables, its arguments, a session of its own and default signals")
    func everything() async throws {
        let run = try LaunchRun(["--nproc", "3", "--ignored", "\(SIGUSR1)", "describe", "--", "--nproc", "x"])
        #expect(try await run.end() == .exited(0))
        let first = try facts(of: 0, in: run)
        let port = try #require(first["MASTER_PORT"])
        for rank in 0..<3 {
            let facts = try facts(of: rank, in: run)
            let expected = [
                "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "WORLD_SIZE": "3", "LOCAL_WORLD_SIZE": "3",
                "GROUP_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "LOCKSTEP_CONTROL_FD": "3",
                "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0", "GROUP_WORLD_SIZE": "1",
                "GLOO_SOCKET_IFNAME": "lo",
                "arguments": "--ignored \(SIGUSR1) describe -- --nproc x", "input": "/dev/null", "session": "own",
            ]
            for (name, value) in expected { #expect(facts[name] == value, "\(name) of rank \(rank)") }
            // The C library has signals 32 and 33 to itself.
            for name in ["SigIgn:", "SigBlk:"] {
                let mask = try #require(facts[name].flatMap { UInt64($0, radix: 16) })
                #expect(mask & ~(0b11 << 31) == 0, "\(name) of rank \(rank)")
            }
            #expect(facts["store"] == "answers")
        }
    }

    @Test("has the standard descriptors and its socket, and none that the launcher was given")
    func descriptors() async throws {
        let script =
            "for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do "
            + "test -e /proc/$$/fd/$i && list=$list' '$i; done; echo $list"
        let stray = try Descriptor.pipe()
        let run = try LaunchRun(
            ["--nproc", "3", "--foreign", "ok", "--", "-c", script],
            inherited: [(stray.reading, 3), (stray.writing, 4), (stray.writing, 9)])
        #expect(try await run.end() == .exited(0))
        let lines = try run.output().split(separator: "\n").sorted()
        #expect(lines == ["0 1 2 3", "[rank 1] 0 1 2 3", "[rank 2] 0 1 2 3"])
    }
}
