import Foundation
import LockstepTesting
import Testing

@testable import Tracking

@Suite(
    "TensorBoard reads the event files",
    .enabled(if: TrackerPython.isAvailable, TrackerPython.absence))
struct TensorBoardTrackerTests {
    /// The points of each tag, as TensorBoard's own loader gives them.
    private func scalars(_ folder: String) throws -> [String: [[Double]]] {
        let script = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
            events.Reload()
            tags = events.Tags()["scalars"]
            print(json.dumps({tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)] for tag in tags}))
            """
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let text = try PyTorchPython.run(script, arguments: ["\(folder)/tensorboard"])
        return try decoder.decode([String: [[Double]]].self, from: Data(text.utf8))
    }

    private func eventFiles(_ folder: borrowing TrackingFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.file("tensorboard")).sorted()
    }

    @Test("each measurement is a scalar at its step and time, and places are none")
    func scalars() throws {
        let folder = try TrackingFolder()
        var tracker = TensorBoardTracker()
        try tracker.start(.test(folder.path))
        try tracker.log(steps: 1...300)
        try tracker.log([
            TrackedPoint(
                ["step": 300, "epoch": 1, "accuracy": .single(0.5), "note": "x"], time: 1_700_000_301, step: 300)
        ])
        tracker.finish(.finished)
        let scalars = try scalars(folder.path)
        #expect(scalars.keys.sorted() == ["accuracy", "loss"])
        #expect(scalars["loss"] == (1...300).map { [Double($0), Double($0), 1_700_000_000 + Double($0)] })
        #expect(scalars["accuracy"] == [[300, 0.5, 1_700_000_301]])
    }

    @Test("a resumed run and one that went back have one point a step")
    func onePoint() throws {
        let folder = try TrackingFolder()
        var first = TensorBoardTracker()
        try first.start(.test(folder.path))
        try first.log(steps: 1...100)
        var second = TensorBoardTracker()
        try second.start(.test(folder.path, after: 60))
        try second.log(steps: 61...90) { Double($0) + 0.5 }
        try second.goBack(to: 75)
        try second.log(steps: 76...80) { Double($0) + 0.25 }
        #expect(try eventFiles(folder).count == 2, "two writers in one second have two files")
        let loss = try #require(try scalars(folder.path)["loss"])
        #expect(loss.map { $0[0] } == (1...80).map(Double.init))
        #expect(loss.map { $0[1] - $0[0] } == (1...80).map { $0 <= 60 ? 0 : $0 <= 75 ? 0.5 : 0.25 })
    }

    @Test("a file that ends at any byte has all records before the cut, and the resumed run goes on")
    func truncated() throws {
        let folder = try TrackingFolder()
        var tracker = TensorBoardTracker()
        try tracker.start(.test(folder.path))
        try tracker.log(steps: 1...3)
        let name = try #require(try eventFiles(folder).first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder.file("tensorboard/\(name)")))
        let script = """
            import json, os, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            data = open(sys.argv[1], "rb").read()
            counts = []
            for length in range(len(data) + 1):
                folder = os.path.join(sys.argv[2], str(length))
                os.mkdir(folder)
                with open(os.path.join(folder, "events.out.tfevents.0"), "wb") as file: file.write(data[:length])
                events = EventAccumulator(folder)
                events.Reload()
                counts.append(len(events.Scalars("loss")) if "loss" in events.Tags()["scalars"] else 0)
            print(json.dumps(counts))
            """
        let file = folder.file("tensorboard/\(name)")
        let counts = try withTemporaryFolder { work in try TrackerPython.json([Int].self, script, [file, work]) }
        #expect(counts.count == whole.count + 1)
        #expect(counts == counts.sorted() && counts.last == 3 && counts[whole.count - 1] == 2)

        try whole.dropLast(5).write(to: URL(fileURLWithPath: folder.file("tensorboard/\(name)")))
        var second = TensorBoardTracker()
        try second.start(.test(folder.path, after: 1))
        try second.log(steps: 2...4)
        #expect(try scalars(folder.path)["loss"]?.map { $0[0] } == [1, 2, 3, 4])
    }

    @Test("numbers that are not finite stay what they are")
    func notFinite() throws {
        let folder = try TrackingFolder()
        var tracker = TensorBoardTracker()
        try tracker.start(.test(folder.path))
        try tracker.log([TrackedPoint(["step": 1, "loss": .number(.infinity)], time: 1, step: 1)])
        let text = try PyTorchPython.run(
            """
            import sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator(sys.argv[1]); events.Reload()
            print(events.Scalars("loss")[0].value)
            """, arguments: [folder.file("tensorboard")])
        #expect(text == "inf\n")
    }
}
