import Testing

@Suite(.serialized) struct RankProcessTests {
    /// The backend that is chosen by itself, Gloo, both on two machines, and Gloo between ranks that see each other through
    /// the store alone.
    private static let kinds = ["", "-gloo", "-machines", "-distant"]

    private static let mismatches = [
        ("size", ["float32 [50000]", "float32 [100000]"]), ("type", ["of float32 [1000]", "of float64 [1000]"]),
        ("operation", ["all-reduce (sum) of float32 [1000]", "barrier"]),
        ("order", ["all-reduce (sum) of float32 [3000]", "broadcast of float32 [10]"]),
    ]

    @Test("processes that enter different collectives all say so within a second", arguments: kinds, 2...4)
    func mismatch(suffix: String, worldSize: Int) throws {
        for (scenario, words) in Self.mismatches {
            let run = try RankProcesses(scenario + suffix, worldSize: worldSize)
            #expect(run.statuses == Array(repeating: 0, count: worldSize), "\(scenario): \(run.diagnostics)")
            for (rank, outcome) in run.outcomes.enumerated() {
                #expect(outcome?.code == "collectivesDiffer", "\(scenario), rank \(rank): \(outcome?.message ?? "")")
                #expect(words.filter { outcome?.message.contains($0) != true } == [])
                #expect(outcome.map { $0.seconds < 1 } == true)
            }
        }
    }

    @Test(
        "a rank that is killed in the middle of an all-reduce is noticed by all others", arguments: kinds,
        2...4)
    func killed(suffix: String, worldSize: Int) throws {
        try expectNoticed(RankProcesses("killed" + suffix, worldSize: worldSize), last: 256 + 9)
    }

    @Test("a rank that is killed is named on its own machine and on the other", arguments: 0...3)
    func killedOnMachine(rank: Int) throws {
        let run = try RankProcesses("kills-\(rank)-machines", worldSize: 4)
        for (other, outcome) in run.outcomes.enumerated() where other != rank {
            #expect(run.statuses[other] == 0, "\(run.diagnostics)")
            #expect(outcome?.code == "connectionLost", "\(outcome?.message ?? "no outcome")")
            #expect(outcome?.message.contains("rank \(rank) ") == true, "\(outcome?.message ?? "no outcome")")
            #expect(outcome.map { $0.seconds < 2 } == true)
        }
    }

    @Test("a rank that is killed with a part of a message sent is noticed too", arguments: kinds)
    func killedInWrite(suffix: String) throws {
        // It sends for about half a second; at some times the others have nothing to wait for but what was cut off.
        for milliseconds in [100, 300, 450, 480, 500] {
            let run = try RankProcesses("killed-after-\(milliseconds)" + suffix, worldSize: 3)
            expectNoticed(run, last: 256 + 9, within: 2 + Double(milliseconds) / 1000)
        }
    }

    @Test("a rank that calls exit is noticed, and named by the ranks of its machine", arguments: kinds)
    func exits(suffix: String) throws {
        let run = try RankProcesses("exits" + suffix, worldSize: 3)
        expectNoticed(run, last: 0)
        if suffix != "-distant" {
            for outcome in run.outcomes.dropLast() {
                #expect(outcome?.message.contains("its program called exit") == true, "\(outcome?.message ?? "")")
            }
        }
    }

    @Test("a rank that is stopped is named when the time is up", arguments: kinds)
    func stopped(suffix: String) throws {
        let run = try RankProcesses("stopped" + suffix, worldSize: 3, limit: .seconds(15))
        for outcome in run.outcomes.dropLast() {
            #expect(outcome?.code == "timedOut", "\(outcome?.message ?? "no outcome")")
            let words = [
                "all-reduce #21 (4.2 MB float32): waiting: ranks 0, 1; rank 2 last completed #20, never entered #21; ",
                suffix != "-distant" ? "it is stopped (T), in scenario 7" : "in scenario 7",
            ]
            for word in words { #expect(outcome?.message.contains(word) == true, "\(outcome?.message ?? "")") }
            #expect(outcome.map { $0.seconds < 3 + 2 } == true)
        }
    }

    /// Expects that the last rank's end reached all others in time, counted from the last good collective.
    private func expectNoticed(_ run: RankProcesses, last: Int, within seconds: Double = 2) {
        #expect(run.statuses == Array(repeating: 0, count: run.statuses.count - 1) + [last], "\(run.diagnostics)")
        for outcome in run.outcomes.dropLast() {
            #expect(outcome?.code == "connectionLost", "\(outcome?.message ?? "no outcome")")
            #expect(outcome.map { $0.seconds < seconds } == true)
        }
    }

    @Test(
        "a process ends by itself, whether it has closed its group or not",
        arguments: [
            "normal", "unclosed", "normal-gloo", "unclosed-gloo", "normal-machines", "unclosed-machines",
        ])
    func ending(scenario: String) throws {
        for _ in 0..<5 {
            let run = try RankProcesses(scenario, worldSize: 3)
            #expect(run.statuses == [0, 0, 0], "\(run.diagnostics)")
            #expect(run.outcomes.map { $0?.code } == [nil, nil, nil])
        }
    }

    @Test(
        "threads, descriptors and tensors of 200 groups and models are gone with them",
        arguments: ["", "-gloo", "-machines"])
    func lifetimes(suffix: String) throws {
        let run = try RankProcesses("lifetimes" + suffix, worldSize: 1, limit: .seconds(240))
        let numbers = try #require(run.outcomes[0]?.numbers, "\(run.diagnostics)")
        #expect(Array(numbers[3...]) == Array(numbers[..<3]))
    }
}
