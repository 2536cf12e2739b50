import Foundation
import Planning
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("A plan is shown")
struct PresentationTests {
    private func plan(_ nodes: String, _ name: String = "resnet18", bandwidth: Double = 1.25e9) throws -> ScalingPlan {
        ScalingPlan(
            try ScalingPlanTests.job(name), on: try ScalingPlanTests.cluster(bandwidth: bandwidth),
            nodes: try NodeCounts(nodes))
    }

    private func rows(_ text: String) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split(separator: " ") }.filter { Int($0.first ?? "") != nil }
    }

    @Test("a table has a row for each number, and of many the powers of two and the last")
    func table() throws {
        #expect(rows(try plan("1,2,3,7").text(computeSource: "given")).map { $0[0] } == ["1", "2", "3", "7"])
        let many = Set(rows(try plan("1...100").text(computeSource: "given")).compactMap { Int($0[0]) })
        #expect(many.isSuperset(of: [1, 2, 4, 8, 16, 32, 64, 100]))
        #expect(many.count < 20)
    }

    @Test func `the text says what it rests on and what limits from where on`() throws {
        let text = try plan("1...8", bandwidth: 6.25e6).text(computeSource: "measured in a run")
        for words in [
            "11.7 million parameters", "46.8 MB in 3 buckets", "measured in a run", "6.25 MB/s",
            "At 1 node the job is limited by computing", "From 2 to 8 nodes bandwidth limits most",
        ] { #expect(text.contains(words), "\(words)") }
    }

    @Test(
        "a plot is well-formed and stays within its frame",
        arguments: ["1", "1...2", "1,2,4,8", "1...64", "5...7", "1,1000000"], [1e6, 1.25e9, Double.infinity])
    func plot(_ nodes: String, _ bandwidth: Double) throws {
        let svg = try plan(nodes, bandwidth: bandwidth).svg(computeSource: "a < b & \"c\"")
        let reader = PlotReader()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        #expect(reader.names.first == "svg")
        #expect(reader.texts.contains("nodes") && reader.texts.contains("samples a second"))
        #expect(reader.texts.contains("share of a step"))
        #expect(!reader.coordinates.isEmpty)
        #expect(reader.coordinates.allSatisfy { $0.isFinite && (0...760).contains($0) }, "\(reader.coordinates)")
        // Nothing is fetched from elsewhere.
        #expect(!svg.contains("href") && !svg.contains("url("))
    }

    @Test func `names are escaped in a plot`() throws {
        let model = ModelCost.perceptron("a<b> & \"c\"", widths: [4, 4])
        let job = try TrainingJob(model: model, batchSize: 1, secondsPerSample: 1)
        let plan = ScalingPlan(job, on: try ScalingPlanTests.cluster(), nodes: try NodeCounts("1...2"))
        let reader = PlotReader()
        let parser = XMLParser(data: Data(plan.svg(computeSource: "given").utf8))
        parser.delegate = reader
        #expect(parser.parse())
        #expect(reader.texts.contains("How a<b> & \"c\" grows"))
    }

    @Test func `a report has all predictions`() throws {
        let report = ScalingReport(try plan("1,2,4"), computeSource: "given")
        let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(report)) as? [String: Any]
        let predictions = try #require(object?["predictions"] as? [[String: Any]])
        #expect(predictions.compactMap { $0["nodes"] as? Int } == [1, 2, 4])
        #expect(object?["parameters"] as? Int == 11_689_512)
        #expect(predictions.allSatisfy { $0["stepSeconds"] is Double && $0["limit"] is String })
    }
}

/// Collects names, texts and coordinates of an SVG.
private final class PlotReader: NSObject, XMLParserDelegate {
    var names: [String] = []
    var texts: [String] = []
    var coordinates: [Double] = []
    private var current = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        names.append(name)
        current = ""
        for key in ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy"] {
            if let text = attributes[key] { coordinates.append(Double(text) ?? .nan) }
        }
        for pair in (attributes["points"] ?? "").split(whereSeparator: { $0 == " " || $0 == "," }) {
            coordinates.append(Double(pair) ?? .nan)
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { current += string }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if name == "text" { texts.append(current) }
    }
}
