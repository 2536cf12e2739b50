import Foundation
import LockstepTesting
import Testing

@testable import Lockstep

@Suite("A trace of several ranks, and what ranks show of themselves")
struct TraceTests {
    private struct File: Decodable {
        struct Event: Decodable {
            let name: String
            let ph: String
            let pid: Int
            let tid: Int?
            let ts: Double?
            let dur: Double?
        }
        let traceEvents: [Event]
    }

    private struct Line: Decodable {
        let type: String
        let time: Double
        let rank: Int?
        let step: Int?
        let phase: String?
        let memory: Int?
        let outcome: String?
        let message: String?
    }

    private func lines(_ folder: String, rank: Int) throws -> [Line] {
        try String(contentsOfFile: "\(folder)/ranks/rank-\(rank).jsonl", encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    @Test("is JSON whatever the host is called, and has no event from before its beginning")
    func text() throws {
        var trace = Trace(rank: 1, host: "a\"b\\c\n", start: 1000)
        trace.add("early", on: .training, from: 900, to: 1100)
        trace.add("all-reduce \"x\"", on: .collectives, from: 2500, to: 4000)
        let file = Trace.file([trace.events.joined(separator: ","), ""])
        let events = try JSONDecoder().decode(File.self, from: Data(file.utf8)).traceEvents.filter { $0.ph == "X" }
        #expect(events.map(\.name) == ["all-reduce \"x\""])
        #expect(events.first?.ts == 1.5 && events.first?.dur == 1.5 && events.first?.pid == 1)
    }

    @Test(
        "--profile writes one file for all ranks: as many batches as asked for, whose phases follow one another",
        arguments: [1, 2])
    func profile(ranks: Int) throws {
        let run = try ProgramRun(
            "fashion-mnist",
            ["--nproc", "\(ranks)", "--synthetic-fallback", "--limit", "640", "--max-steps", "12", "--profile", "4"])
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(run.diagnostics.contains("the profile of 4 batches is in "), "\(run.diagnostics)")
        let data = try Data(contentsOf: URL(fileURLWithPath: run.path(of: "profile.json")))
        let events = try JSONDecoder().decode(File.self, from: data).traceEvents.filter { $0.ph == "X" }
        for rank in 0..<ranks {
            let own = events.filter { $0.pid == rank }
            #expect(own.count { $0.name.hasPrefix("step ") } == 4)
            for phase in ["data", "forward", "backward", "optimizer"] { #expect(own.count { $0.name == phase } == 4) }
            #expect(own.count { $0.name == "waiting for gradients" } == (ranks > 1 ? 4 : 0))
            #expect(own.contains { $0.tid == 2 && $0.name.hasPrefix("all-reduce #") } == (ranks > 1))
            let phases = own.filter { $0.tid == 1 }
            for (before, after) in zip(phases, phases.dropFirst()) {
                #expect(abs((before.ts ?? 0) + (before.dur ?? 0) - (after.ts ?? 0)) < 1)
            }
        }
    }

    @Test("each rank shows where it is, and how its training ended", arguments: [1, 2])
    func monitor(ranks: Int) throws {
        let run = try ProgramRun(
            "fashion-mnist", ["--nproc", "\(ranks)", "--synthetic-fallback", "--limit", "640", "--max-steps", "3"])
        #expect(run.status == 0, "\(run.diagnostics)")
        for rank in 0..<ranks {
            let lines = try lines(run.folder, rank: rank)
            #expect(lines.first?.type == "start" && lines.first?.rank == rank)
            #expect(lines.last?.type == "end" && lines.last?.outcome == "finished")
            let status = try #require(lines.last { $0.type == "status" })
            #expect(status.step == 3 && (status.memory ?? 0) > 1_000_000)
        }
        #expect(run.diagnostics.contains("  rank  samples/s  computing  communication"), "\(run.diagnostics)")
        #expect(FileManager.default.fileExists(atPath: run.path(of: "summary.json")))
    }

    @Test("a rank that fails says why, one that is killed says nothing, and the launcher tells of both")
    func failures() throws {
        let thrown = try ProgramRun("training-probe", ["throwsOnOneRank", "--nproc", "2"])
        let end = try #require(try lines(thrown.folder, rank: 1).last)
        #expect(end.outcome == "failed" && end.message?.contains("dataset index 5 out of range") == true)
        let killed = try ProgramRun("training-probe", ["crashes", "--nproc", "2"])
        #expect(try lines(killed.folder, rank: 1).last?.type != "end")
        struct Outcome: Decodable {
            let exitCode: Int
            let rank: Int?
            let lines: [String]
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: killed.path(of: "ranks/outcome.json")))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let outcome = try decoder.decode(Outcome.self, from: data)
        #expect(outcome.exitCode == 137 && outcome.rank == 1)
        #expect(outcome.lines.first?.contains("was killed by SIGKILL") == true)
    }
}
