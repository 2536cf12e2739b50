import ArgumentParser
import Foundation
import Torch

/// The program `lockstep-tune`, which `lockstep tune` starts: it measures the algorithms and writes a table.
@main
struct TuneProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstep tune",
        abstract: "Measures how convolutions are computed fastest on this machine, and writes a table.",
        discussion: """
            Each convolution of the models is run forward and back by each algorithm, in turns, and the fastest is \
            written to the table. Training programs use it with --convolution-table, and config.json names it. Measure \
            while nothing else runs.
            """)

    @Option(name: .shortAndLong, help: "The file to write.") var output = "convolutions.txt"
    @Option(help: "The threads of a process, separated by commas (default: 1 and all cores).")
    var threads: String?
    @Option(help: "The samples in a batch of one process, separated by commas.") var batchSizes = "16,32,64"
    @Option(help: "The models, separated by commas: resnet18, resnet34, resnet50.") var models = "resnet18"
    @Option(help: "The heights and widths of the images, separated by commas.") var imageSizes = "32"
    @Option(help: "The instruction sets, separated by commas: avx512, avx2, neon (default: the widest here).")
    var instructionSets: String?
    @Option(help: "How often each is measured; the fastest time counts.") var rounds = 7

    func validate() throws {
        guard rounds >= 1 else { throw ValidationError("--rounds \(rounds): at least one is needed") }
        _ = try plan()
    }

    func run() throws {
        let plan = try plan()
        // Found out before the measuring, which takes minutes.
        let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw ValidationError("--output \(output): files cannot be written to \(folder)")
        }
        LibTorch.keepFreedMemory()
        var table = TuneTable()
        for set in plan.sets {
            for threads in plan.threads {
                LibTorch.threadCount = threads
                for batch in plan.batchSizes {
                    for layer in plan.layers {
                        let times = try set.whileUsed {
                            try ConvolutionTiming.measure(layer, batch: batch, rounds: rounds)
                        }
                        print(table.add(layer, batch: batch, threads: threads, set, times))
                    }
                }
            }
        }
        do {
            try Data(table.text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw ValidationError("--output \(output): the table cannot be written: \(error.localizedDescription)")
        }
        print("wrote \(table.count) entries to \(output); use it with --convolution-table \(output)")
    }

    /// What is measured: every combination.
    private struct Plan {
        let sets: [InstructionSet]
        let threads: [Int]
        let batchSizes: [Int]
        let layers: [ConvolutionLayer]
    }

    private func plan() throws -> Plan {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return Plan(
            sets: try sets(),
            threads: try threads.map { try numbers($0, "--threads") } ?? Set([1, cores]).sorted(),
            batchSizes: try numbers(batchSizes, "--batch-sizes"),
            layers: try ConvolutionLayer.layers(of: models, imageSizes: numbers(imageSizes, "--image-sizes")))
    }

    private func sets() throws -> [InstructionSet] {
        let available = InstructionSet.available.filter { $0 != .none }
        guard let widest = available.first else {
            throw ValidationError(
                "this machine has none of the instruction sets that a table distinguishes (avx512, avx2, neon): all "
                    + "convolutions are LibTorch's here")
        }
        guard let instructionSets else { return [widest] }
        return try instructionSets.split(separator: ",").map { name in
            guard let set = available.first(where: { $0.rawValue == name }) else {
                throw ValidationError(
                    "--instruction-sets \(name): this machine has "
                        + available.map(\.rawValue).joined(separator: " and "))
            }
            return set
        }
    }

    private func numbers(_ text: String, _ option: String) throws -> [Int] {
        let parts = text.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        let values = parts.compactMap { $0 }.filter { $0 >= 1 }
        guard !values.isEmpty, values.count == parts.count, Set(values).count == values.count else {
            throw ValidationError("\(option) \(text): expected different numbers above 0, separated by commas")
        }
        return values
    }
}
