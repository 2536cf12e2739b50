import Foundation
import Testing

/// What `--print-config` says.
@Suite("The listing of a program's options")
struct PrintConfigTests {
    private func lines(_ arguments: [String], environment: [String: String?] = [:]) throws -> [String: [String]] {
        let run = try RunningProgram("toy", arguments + ["--print-config"], environment: environment).finished()
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(run.diagnostics == "")
        return run.output.split(separator: "\n").reduce(into: [:]) { all, line in
            let columns = String(line).split(separator: /\s{2,}/, maxSplits: 2).map(String.init)
            all[columns[0]] = Array(columns.dropFirst())
        }
    }

    @Test("says of each value whether it is the command line's, the environment's, or the default")
    func sources() throws {
        let lines = try lines(
            ["--seed", "7", "--limit=20", "--no-shuffle", "--nproc", "2"],
            environment: ["GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": nil])
        #expect(lines["seed"] == ["7", "command line, --seed"])
        #expect(lines["limit"] == ["20", "command line, --limit"])
        #expect(lines["shuffle"] == ["false", "command line, --no-shuffle"])
        #expect(lines["nproc"] == ["2", "command line, --nproc"])
        #expect(lines["max-steps"] == ["none", "default"])
        #expect(lines["GLOO_SOCKET_IFNAME"] == ["lo", "environment"])
        #expect(lines["threads"]?.last?.hasSuffix("for 2 processes") == true)
        #expect(lines["epochs"]?.last == "default")
        #expect(lines["OMP_NUM_THREADS"] == nil)
    }

    @Test("names the variables that say which rank a process is")
    func cluster() throws {
        let lines = try lines(
            [], environment: ["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500"])
        #expect(lines["RANK"] == ["1", "environment, RANK, torchrun"])
        #expect(lines["LOCAL_RANK"]?.first == "0")
        #expect(lines["MASTER_ADDR"] == ["10.0.0.1", "environment, MASTER_ADDR, torchrun"])
    }

    @Test("is not there for an option that does not exist, nor for values that contradict each other")
    func errors() throws {
        let unknown = try RunningProgram("toy", ["--print-config", "--batchsize", "3"]).finished()
        #expect(unknown.status == 64)
        #expect(unknown.diagnostics.contains("Unknown option '--batchsize'"))
        let contradiction = try RunningProgram(
            "toy", ["--nproc", "2", "--interface", "lo"], environment: ["GLOO_SOCKET_IFNAME": "eth9"]
        ).finished()
        #expect(contradiction.status == 2)
        #expect(
            contradiction.diagnostics.hasPrefix(
                "error: --interface is lo and GLOO_SOCKET_IFNAME is eth9 in the environment"))
    }
}
