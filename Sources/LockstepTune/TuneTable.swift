import Foundation
import Torch

/// The table that is written.
struct TuneTable {
    private var lines = [
        "# Which algorithm computes which convolution, measured with `lockstep tune`. A line has the instruction set, type,",
        "# threads, batch, inputs, outputs; height and width of image, kernel, stride and padding; and the algorithm.",
    ]
    private(set) var count = 0

    /// The file's text.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// Adds the algorithm for one case; returns what was measured, as a line.
    ///
    /// It is the fastest. Of several that are within a twentieth of it, the same one is taken always, so that chance
    /// decides little.
    mutating func add(
        _ layer: ConvolutionLayer, batch: Int, threads: Int, _ set: InstructionSet,
        _ milliseconds: [ConvolutionAlgorithm: Double]
    ) -> String {
        guard let least = milliseconds.values.min() else { return "" }
        let preferred: [ConvolutionAlgorithm] = [.taps, .columns, .libtorch]
        let chosen = preferred.first { milliseconds[$0, default: .infinity] <= 1.05 * least } ?? .libtorch
        let others = milliseconds.keys.filter { $0 != chosen }.sorted { $0.rawValue > $1.rawValue }
        let numbers = [
            threads, batch, layer.inputs, layer.outputs, layer.image, layer.image, layer.kernel, layer.kernel,
            layer.stride, layer.stride, layer.padding, layer.padding,
        ]
        lines.append("\(set) float32 " + numbers.map(String.init).joined(separator: " ") + " \(chosen.name)")
        count += 1
        let measured = ([chosen] + others).map {
            "\($0.name) \(String(format: "%.3f", milliseconds[$0, default: .nan])) ms"
        }
        return "\(set), \(threads == 1 ? "1 thread" : "\(threads) threads"), "
            + "\(batch)×\(layer.inputs)×\(layer.image)×\(layer.image) → \(layer.outputs), kernel \(layer.kernel), stride "
            + "\(layer.stride): " + measured.joined(separator: ", ")
    }
}
