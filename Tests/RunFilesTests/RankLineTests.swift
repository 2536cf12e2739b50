import Testing

@testable import RunFiles

@Suite("Lines of ranks")
struct RankLineTests {
    private func line(_ text: String) -> RankLine? { Array(text.utf8).withUnsafeBytes { RankLine($0) } }

    @Test func `every kind of record is read`() {
        #expect(
            line(
                #"{"type":"start","time":5,"rank":1,"local_rank":1,"world_size":2,"host":"vm","pid":7,"threads":1,"device":"cpu"}"#
            ) == .start(RankStart(time: 5, worldSize: 2, host: "vm", pid: 7, threads: 1, device: "cpu")))
        #expect(
            line(
                #"{"type":"status","time":6,"step":3,"epoch":1,"batch":2,"phase":"saving","samples_per_second":9.5,"memory":1e6,"peak_memory":2e6}"#
            )
                == .status(
                    RankStatus(
                        time: 6, step: 3, epoch: 1, batch: 2, phase: "saving", samplesPerSecond: 9.5, memory: 1e6,
                        peakMemory: 2e6)))
        var phases = PhaseSeconds()
        (phases[.data], phases[.communication], phases[.other]) = (0.5, 0.25, 1)
        #expect(
            line(#"{"type":"step","step":3,"begin":5.5,"data":0.5,"communication":0.25,"other":1}"#)
                == .step(RankStep(step: 3, begin: 5.5, phases: phases)))
        #expect(phases.total == 1.75 && phases.own == 1.5)
        #expect(
            line(#"{"type":"end","time":9,"outcome":"failed","message":"a \"b\"\n\u00e9"}"#)
                == .end(RankEnd(time: 9, outcome: "failed", message: "a \"b\"\né")))
    }

    @Test func `what a record lacks, or has of another kind, is not there`() {
        #expect(line(#"{"type":"start"}"#) == .start(RankStart()))
        #expect(
            line(#"{"type":"status","time":"NaN","step":-1,"phase":7,"memory":"Infinity"}"#) == .status(RankStatus()))
        #expect(
            line(#"{"type":"step","step":2,"data":0,"forward":"NaN","backward":-1}"#)
                == .step(RankStep(step: 2, begin: nil, phases: PhaseSeconds())))
    }

    @Test(
        "a line that is no record, or one of an unknown kind, is none",
        arguments: ["", "garbage", "{}", "[]", #"{"type":"new kind","time":3}"#, #"{"type":"step"}"#, #"{"type":"sta"#])
    func none(_ text: String) {
        #expect(line(text) == nil)
    }

    @Test func `files of ranks are told by their names`() {
        #expect(RankLine.rank(ofFile: "rank-0.jsonl") == 0 && RankLine.rank(ofFile: "rank-12.jsonl") == 12)
        for name in ["outcome.json", "rank-.jsonl", "rank-x.jsonl", "rank--1.jsonl", "rank-1.json"] {
            #expect(RankLine.rank(ofFile: name) == nil)
        }
    }
}
