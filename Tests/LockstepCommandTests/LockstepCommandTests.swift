import Foundation
import Testing

struct LockstepCommandTests {
    @Test(arguments: [["--help"], ["help"], []])
    func `the help names what the command can do`(_ arguments: [String]) throws {
        let run = try CommandRun(arguments, in: TestFolder())
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("USAGE: lockstep"))
        for name in ["doctor", "data"] {
            let isListed = run.lines.contains { $0.hasPrefix("  \(name) ") }
            #expect(isListed, "\(name)")
        }
    }

    @Test func `the version is three numbers`() throws {
        let run = try CommandRun(["--version"], in: TestFolder())
        #expect(run.status == 0)
        let numbers = run.output.dropLast().split(separator: ".").compactMap { Int($0) }
        #expect(numbers.count == 3)
    }

    @Test func `an unknown subcommand is a wrong use`() throws {
        let run = try CommandRun(["frobnicate"], in: TestFolder())
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("frobnicate"))
    }

    @Test func `the command does not load LibTorch`() throws {
        // The dynamic loader lists what it would load, and ends.
        let run = try CommandRun([], in: TestFolder(), environment: ["LD_TRACE_LOADED_OBJECTS": "1"])
        #expect(run.output.contains("libc.so"))
        for library in ["libtorch", "libc10"] { #expect(!run.output.contains(library)) }
    }
}
