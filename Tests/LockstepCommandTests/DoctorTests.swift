import Foundation
import Testing

struct DoctorTests {
    /// What the command writes with `--json`.
    private struct Report: Decodable {
        struct Finding: Decodable {
            let check: String
            let state: String
            let message: String
            let nextStep: String?
        }
        let version: String
        let state: String
        let findings: [Finding]
    }

    private static let checks = [
        "host", "network", "cores", "memory", "libtorch", "devices", "open files", "shared mem", "data sets",
    ]

    @Test func `a machine with LibTorch can train`() throws {
        let folder = try TestFolder()
        try folder.makeLibTorch(".cache/lockstep/libtorch-2.13.0-cpu")
        try folder.link(".cache/lockstep/libtorch", to: "libtorch-2.13.0-cpu")
        let run = try CommandRun(["doctor"], in: folder)
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        let line = try #require(run.lines.first { $0.contains(" libtorch ") })
        #expect(line.hasPrefix("ok "))
        #expect(line.contains("LibTorch 2.13.0+cpu, a build for the CPU, in "))
        #expect(line.contains("libtorch-2.13.0-cpu, to which \(folder.path)/.cache/lockstep/libtorch leads"))
        for check in Self.checks {
            let isShown = run.lines.contains { line in
                ["ok       ", "warning  "].contains { line.hasPrefix("\($0)\(check) ") }
            }
            #expect(isShown, "\(check)")
        }
        #expect(run.lines.last?.hasPrefix("Programs can train here") == true)
    }

    @Test func `a machine without LibTorch is told the remedy`() throws {
        let run = try CommandRun(["doctor"], in: TestFolder())
        #expect(run.status == 1)
        #expect(run.errors.isEmpty)
        let index = try #require(run.lines.firstIndex { $0.hasPrefix("broken   libtorch ") })
        #expect(run.lines[index].contains("there is no such folder"))
        #expect(run.lines[index + 1].contains("-> Run make setup"))
        #expect(run.lines.last?.hasSuffix("no program can train here yet.") == true)
    }

    @Test func `a LibTorch that LIBTORCH names comes first`() throws {
        let folder = try TestFolder()
        try folder.makeLibTorch(".cache/lockstep/libtorch")
        let old = try folder.makeLibTorch("old", version: "2.10.0")
        let run = try CommandRun(["doctor"], in: folder, environment: ["LIBTORCH": old])
        #expect(run.status == 1)
        #expect(run.output.contains("\(old) (given by LIBTORCH): it is LibTorch 2.10.0, and versions 2.11 to 2.13"))
    }

    @Test func `programs read the same as JSON`() throws {
        for (hasLibTorch, state) in [(true, ["ok", "warning"]), (false, ["broken"])] {
            let folder = try TestFolder()
            if hasLibTorch { try folder.makeLibTorch(".cache/lockstep/libtorch") }
            let run = try CommandRun(["doctor", "--json"], in: folder)
            #expect(run.status == (hasLibTorch ? 0 : 1))
            let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
            #expect(state.contains(report.state))
            #expect(Set(report.findings.map(\.check)) == Set(Self.checks))
            let areHelped = report.findings.allSatisfy { $0.state == "ok" || $0.nextStep != nil }
            #expect(areHelped)
        }
    }

    @Test func `few open files are a warning with a number that is allowed`() throws {
        let folder = try TestFolder()
        try folder.makeLibTorch(".cache/lockstep/libtorch")
        let soft = try CommandRun(["doctor"], in: folder, shell: "ulimit -n 300; ulimit -Sn 100")
        #expect(soft.status == 0)
        let index = try #require(soft.lines.firstIndex { $0.hasPrefix("warning  open files ") })
        #expect(soft.lines[index].contains("100 for each process, which it may raise to 300"))
        #expect(soft.lines[index + 1].contains("ulimit -n 300"))
        let hard = try CommandRun(["doctor"], in: folder, shell: "ulimit -n 100")
        let other = try #require(hard.lines.firstIndex { $0.hasPrefix("warning  open files ") })
        #expect(hard.lines[other].hasSuffix("100 for each process"))
        #expect(hard.lines[other + 1].contains("limits.conf"))
    }

    @Test func `data sets are found where they lie`() throws {
        let folder = try TestFolder()
        try folder.makeLibTorch(".cache/lockstep/libtorch")
        try folder.placeMNIST("data/mnist")
        let run = try CommandRun(["doctor", "--data-directory", folder.path + "/data"], in: folder)
        #expect(run.lines.contains("ok       data sets   mnist in \(folder.path)/data/mnist"))
        let other = try #require(run.lines.first { $0.contains("cifar-10 is not here") })
        #expect(other.hasSuffix("as lockstep data fetch cifar-10 does"))
        try folder.write("short".utf8, to: "data/mnist/train-labels-idx1-ubyte")
        let damaged = try CommandRun(["doctor", "--data-directory", folder.path + "/data"], in: folder)
        #expect(damaged.output.contains("train-labels-idx1-ubyte has 5 bytes, and 60008 are expected"))
    }
}
