import Foundation
import LockstepTesting
import Testing

/// Jobs on one machine: none needs a port of anybody's choice, and nobody else can reach them.
@Suite("A job on this machine", .serialized)
struct LoopbackTests {
    /// A running program and all that it starts, by a variable of the environment.
    private struct MarkedRun {
        let program: RunningProgram
        private let mark = "LOOPBACK_RUN=\(UUID().uuidString)"

        init(_ name: String, _ arguments: [String]) throws {
            let parts = mark.split(separator: "=").map(String.init)
            program = try RunningProgram(name, arguments, environment: [parts[0]: parts[1]])
        }

        /// Its processes and their parents.
        func processes() throws -> [(process: pid_t, parent: pid_t)] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.compactMap {
                process in
                // Processes end while they are looked at.
                let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
                guard environment.split(separator: 0).contains(where: { $0.elementsEqual(mark.utf8) }),
                    let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                    let fields = status.split(separator: ")").last?.split(separator: " "), fields.count > 1,
                    let parent = pid_t(fields[1])
                else { return nil }
                return (process, parent)
            }
        }
    }

    /// The addresses, as the system writes them, at which a process's sockets listen.
    private func listeningAddresses(of process: pid_t) throws -> [String] {
        let folder = "/proc/\(process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = Set(
            names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") })
        var addresses: [String] = []
        for table in ["tcp", "tcp6"] {
            for line in try String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8).split(separator: "\n") {
                let fields = line.split(separator: " ")
                guard fields.count > 9, fields[3] == "0A", files.contains("socket:[\(fields[9])]") else { continue }
                addresses.append(String(fields[1].prefix { $0 != ":" }))
            }
        }
        return addresses
    }

    /// Whether it is of 127.0.0.0/8 or ::1; in each four bytes the last comes first.
    private static func isLoopback(_ address: String) -> Bool {
        if address.count == 8 { return address.hasSuffix("7F") }
        let isMapped = address.hasPrefix("0000000000000000FFFF0000")
        return address == "00000000000000000000000001000000" || (isMapped && address.hasSuffix("7F"))
    }

    @Test("succeeds 20 times at once, without any option for a port")
    func manyAtOnce() throws {
        let folder = try TemporaryFolder()
        let runs = try (0..<20).map { number in
            try RunningProgram(
                "toy", ["--nproc", "2", "--max-steps", "2", "--run-directory", folder.path("\(number)")])
        }
        for run in try runs.map({ try $0.finished() }) { #expect(run.status == 0, "\(run.diagnostics)") }
    }

    @Test("listens at loopback addresses alone, from its start to its end", arguments: ["auto", "gloo"])
    func listening(backend: String) throws {
        let folder = try TemporaryFolder()
        let run = try MarkedRun(
            "toy", ["--nproc", "2", "--max-steps", "3000", "--backend", backend, "--run-directory", folder.path("run")])
        var found: Set<String> = []
        let limit = ContinuousClock.now + .seconds(120)
        // A process that has only just been started has no environment yet, by which it is known.
        while case let processes = try run.processes(), run.program.isRunning || !processes.isEmpty {
            try #require(limit > .now, "\(processes) do not end")
            for (process, _) in processes { found.formUnion(try listeningAddresses(of: process)) }
            // Tests that block threads would let a task oversleep the whole run.
            usleep(5000)
        }
        #expect(try run.program.finished().status == 0)
        // Ranks that share memory listen nowhere, and their launcher for a moment that may be missed.
        #expect(!found.isEmpty || backend == "auto")
        #expect(found.allSatisfy(Self.isLoopback), "\(found)")
    }

    @Test("can be started again the moment that its launcher has been killed")
    func again() async throws {
        let folder = try TemporaryFolder()
        let run = try MarkedRun(
            "toy", ["--nproc", "2", "--max-steps", "100000000", "--run-directory", folder.path("first")])
        let limit = ContinuousClock.now + .seconds(60)
        while (try? String(contentsOfFile: folder.path("first/metrics.jsonl"), encoding: .utf8))?.contains("loss")
            != true
        {
            try #require(limit > .now, "the first job does not train")
            try await Task.sleep(for: .milliseconds(20))
        }
        let launcher = try #require(try run.processes().first { $0.parent == getpid() })
        #expect(kill(launcher.process, SIGKILL) == 0)
        let second = try ProgramRun("toy", ["--nproc", "2", "--max-steps", "2"])
        #expect(second.status == 0, "\(second.diagnostics)")
        // The ranks of the first have noticed meanwhile.
        while case let left = try run.processes(), !left.isEmpty {
            try #require(limit > .now, "\(left) are left")
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try run.program.finished().status == SIGKILL)
    }
}
