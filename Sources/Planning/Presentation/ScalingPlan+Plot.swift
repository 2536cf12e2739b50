import Foundation
import Plotting

extension ScalingPlan {
    /// The plan as a drawing: samples a second beside the ideal, and what a step's time goes to.
    ///
    /// The SVG needs no other file and has no background; its colours can be read on light and on dark pages.
    public func svg(computeSource: String) -> String {
        var drawing = PlotDrawing(width: 760, height: 600)
        let nodes = predictions.map { Double($0.nodes) }
        let (first, last) = (nodes.first ?? 1, nodes.last ?? 1)
        let isLogarithmic = last / first >= 8
        let x = PlotAxis(range: first...last, ends: (80, 560), isLogarithmic: isLogarithmic)

        drawing.text("How \(job.model.name) grows", x: 80, y: 30, size: 18, isBold: true)
        let lines = assumptions(computeSource: computeSource)
        let network = lines.first { $0.name == "network" }?.text ?? ""
        drawing.text("batch \(job.batchSize) a rank, \(computeNote)", x: 80, y: 50, size: 12)
        drawing.text(network, x: 80, y: 66, size: 12)

        drawRates(&drawing, x, isLogarithmic: isLogarithmic)
        drawShares(&drawing, x)
        return drawing.document(
            title: "Predicted scaling of \(job.model.name) from \(Int(first)) to \(Int(last)) nodes")
    }

    private var computeNote: String {
        "\(QuantityText.duration(job.secondsPerSample)) a sample, \(cluster.ranksPerNode) "
            + "rank\(cluster.ranksPerNode == 1 ? "" : "s") a node"
    }

    private func drawRates(_ drawing: inout PlotDrawing, _ x: PlotAxis, isLogarithmic: Bool) {
        let ideal = predictions.map { $0.samplesPerSecond / $0.efficiency }
        let values = predictions.map(\.samplesPerSecond) + ideal
        let (low, high) = (values.min() ?? 1, values.max() ?? 1)
        let isWide = isLogarithmic && high / low >= 8
        let y = PlotAxis(
            range: (isWide ? low / 1.3 : 0)...(high * (isWide ? 1.3 : 1.08)), ends: (300, 90), isLogarithmic: isWide)
        drawing.grid(
            x, y, xTicks: nodeTicks(x), yTicks: y.ticks(5).map { ($0, QuantityText.compact($0)) },
            yLabel: "samples a second")
        let nodes = predictions.map { Double($0.nodes) }
        drawing.line(points(nodes, ideal, x, y), color: PlotDrawing.grey, isDashed: true)
        drawing.line(points(nodes, predictions.map(\.samplesPerSecond), x, y), color: PlotDrawing.blue)
        if predictions.count <= 20 {
            drawing.dots(points(nodes, predictions.map(\.samplesPerSecond), x, y), color: PlotDrawing.blue)
        }
        drawing.legend(
            [("predicted", PlotDrawing.blue, false), ("without communication", PlotDrawing.grey, true)], x: 576, y: 100)
    }

    private func drawShares(_ drawing: inout PlotDrawing, _ x: PlotAxis) {
        let y = PlotAxis(range: 0...1, ends: (540, 340), isLogarithmic: false)
        let nodes = predictions.map { Double($0.nodes) }
        let computing = predictions.map(\.efficiency)
        let transfer = predictions.map { $0.efficiency + ($0.exposed.transfer + $0.exposed.reduction) / $0.stepSeconds }
        let all = predictions.map { _ in 1.0 }
        let zero = predictions.map { _ in 0.0 }
        for (upper, lower, color) in [
            (computing, zero, PlotDrawing.blue), (transfer, computing, PlotDrawing.orange),
            (all, transfer, PlotDrawing.purple),
        ] {
            drawing.area(points(nodes, upper, x, y), points(nodes, lower, x, y), color: color)
        }
        drawing.line(points(nodes, computing, x, y), color: PlotDrawing.blue)
        if predictions.count <= 20 { drawing.dots(points(nodes, computing, x, y), color: PlotDrawing.blue) }
        drawing.grid(
            x, y, xTicks: nodeTicks(x),
            yTicks: [0, 0.25, 0.5, 0.75, 1].map { ($0, "\(Int(100 * $0)) %") }, yLabel: "share of a step")
        drawing.text("nodes", x: 320, y: 582, size: 12, anchor: "middle")
        drawing.legend(
            [
                ("waiting: latency", PlotDrawing.purple, false), ("waiting: bandwidth", PlotDrawing.orange, false),
                ("computing = efficiency", PlotDrawing.blue, false),
            ], x: 576, y: 350)
        if let last = predictions.last {
            drawing.text(
                "\(QuantityText.share(last.efficiency)) at \(last.nodes)", x: 576, y: 425, size: 12)
        }
    }

    private func nodeTicks(_ x: PlotAxis) -> [(Double, String)] {
        let values = predictions.count <= 8 ? predictions.map { Double($0.nodes) } : x.ticks(8, base: 2)
        return values.filter { $0 == $0.rounded() }.map { ($0, "\(Int($0))") }
    }

    private func points(_ xs: [Double], _ ys: [Double], _ x: PlotAxis, _ y: PlotAxis) -> [(Double, Double)] {
        zip(xs, ys).map { (x.place($0), y.place($1)) }
    }
}

extension QuantityText {
    /// `12k`, `3.4M`: short enough for an axis.
    static func compact(_ value: Double) -> String {
        func short(_ value: Double) -> String {
            let text = String(format: "%.1f", value)
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        switch abs(value) {
        case 1e9...: return short(value / 1e9) + "G"
        case 1e6...: return short(value / 1e6) + "M"
        case 1e3...: return short(value / 1e3) + "k"
        case 1...: return short(value)
        default: return value == 0 ? "0" : number(value, digits: 2)
        }
    }
}
