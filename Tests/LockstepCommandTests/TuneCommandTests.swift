import Foundation
import Testing

@Suite("lockstep tune")
struct TuneCommandTests {
    /// Images that are small enough for all layers of ResNet-18 to take a second.
    private static let small = ["--image-sizes", "8", "--batch-sizes", "4", "--threads", "1", "--rounds", "1"]

    @Test("it measures every different convolution of the model once, and writes an algorithm for each")
    func writes() throws {
        let folder = try TestFolder()
        let file = folder.path + "/table.txt"
        let run = try CommandRun(["tune", "--output", file] + Self.small, in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let entries = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
        // The first layer, the 3×3 of the first stage, and of each later one the 1×1 and the two 3×3.
        #expect(entries.count == 11)
        #expect(run.lines.count == 12)
        #expect(run.lines.last == "wrote 11 entries to \(file); use it with --convolution-table \(file)")
        for (entry, line) in zip(entries, run.lines) {
            let words = entry.split(separator: " ").map(String.init)
            #expect(words.count == 15)
            #expect(Array(words[1...3]) == ["float32", "1", "4"])
            // What is printed begins with the one that is written.
            let algorithms = line.matches(of: /(libtorch|columns|taps) [0-9.]+ ms/).map { String($0.1) }
            #expect(Set(algorithms).count == 3)
            #expect(words.last == algorithms.first)
        }
        #expect(Set(entries.map { $0.split(separator: " ").dropLast() }).count == 11)
    }

    @Test(
        "what cannot be measured is refused before anything is",
        arguments: [
            (["--models", "vgg11"], "vgg11: there are resnet18, resnet34 and resnet50"),
            (["--batch-sizes", "16,0"], "--batch-sizes 16,0"), (["--threads", "two"], "--threads two"),
            (["--image-sizes", "8,8"], "expected different numbers"), (["--rounds", "0"], "at least one"),
            (["--instruction-sets", "sse2"], "sse2: this machine has"),
            (["--output", "nowhere/table.txt"], "files cannot be written to"),
        ])
    func refuses(_ arguments: [String], _ reason: String) throws {
        let run = try CommandRun(["tune"] + Self.small + arguments, in: TestFolder())
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains(reason), "\(run.errors)")
    }

    @Test("its help is that of the program that measures")
    func help() throws {
        let run = try CommandRun(["tune", "--help"], in: TestFolder())
        #expect(run.status == 0)
        #expect(run.output.contains("USAGE: lockstep tune"))
        #expect(run.output.contains("--image-sizes"))
    }

    @Test("where the program that measures is not beside the command, it says where it looked and how to build it")
    func missingProgram() throws {
        let folder = try TestFolder()
        let alone = try folder.makeFolder("alone")
        try FileManager.default.copyItem(atPath: CommandRun.executable, toPath: alone + "/lockstep")
        let run = try CommandRun(["tune"], in: folder, executable: alone + "/lockstep")
        #expect(run.status == 64)
        #expect(run.errors.contains("lockstep-tune, the program that measures, is not in \(alone)"), "\(run.errors)")
        #expect(run.errors.contains("swift build -c release --product lockstep-tune"))
    }
}
