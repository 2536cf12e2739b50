import Foundation
import RunFiles
import RunReport
import Testing

@Suite("The report on a run")
struct RunPageTests {
    private func page(_ folder: RunFolderOnDisk) throws -> PageReader {
        try PageReader(RunReport.page(of: folder.record()))
    }

    /// A run that logged these losses, one a step.
    private func page(losses: [String]) throws -> PageReader {
        let lines = losses.enumerated().map { "{\"step\":\($0.offset + 1),\"epoch\":1,\"loss\":\($0.element)}\n" }
        return try page(try RunFolderOnDisk(["metrics.jsonl": lines.joined()]))
    }

    @Test func `all of a complete run is shown`() throws {
        let page = try page(try RunFolderOnDisk.complete())
        #expect(page.all("h1").first?.text == "shapes")
        #expect(
            page.all("h2").map(\.text) == [
                "Curves", "Ranks and their time", "Confusion", "Worst mistakes", "Configuration",
            ])
        #expect(
            page.all("h3").map(\.text).prefix(4) == ["Loss", "Accuracy", "Learning rate", "Throughput"])
        #expect(page.all("dd").map(\.text).contains { $0.hasPrefix("90.00\u{202F}%") })
        #expect(page.all("span").contains { $0.text == "✓ finished" })
        #expect(page.all("td").map(\.text).contains("45"))
        #expect(page.all("img").first?.attributes["src"]?.hasPrefix("data:image/png;base64,iVBORw0KGgo") == true)
        #expect(page.all("img").first?.attributes["alt"] == "circle, taken for square; loss 3.90")
        #expect(page.all("p").contains { $0.text == "Not set: resume." })
    }

    @Test(
        "nothing of a run is taken for markup",
        arguments: [
            "<script>alert(1)</script>", "a\"b'c&d>e", "\\u0000\\u001b\\ufffe", "]]>", "</style><img src=x onerror=y>",
            "😀 é",
        ])
    func escaped(_ text: String) throws {
        let json = text.replacing("\"", with: "\\\"")
        let folder = try RunFolderOnDisk(
            [
                "config.json": "{\"program\": \"\(json)\", \"\(json)\": \"\(json)\", \"device\": \"\(json)\"}",
                "metrics.jsonl":
                    "{\"step\":1,\"\(json)\":1,\"loss\":2}\n{\"step\":2,\"\(json)\":2}\n"
                    + "{\"step\":2,\"accuracy\":0.5,\"evaluation_\(json)\":1}\n",
                "evaluation.json":
                    "{\"class_names\":[\"\(json)\",\"b\"],\"confusion\":[[1,2],[3,4]],\"mistakes\":[{\"label\":0,\"predicted\":1}]}",
                "summary.json": "{\"ranks\":[{\"rank\":0,\"host\":\"\(json)\"}]}",
                "ranks/rank-0.jsonl":
                    "{\"type\":\"start\",\"host\":\"\(json)\"}\n{\"type\":\"status\",\"phase\":\"\(json)\"}\n"
                    + "{\"type\":\"end\",\"outcome\":\"failed\",\"message\":\"\(json)\"}\n",
                "ranks/outcome.json": "{\"lines\":[\"\(json)\"]}",
            ], named: text.contains("/") || text.contains("\\") ? "run" : text)
        let page = try page(folder)
        let shown = try #require(try folder.record().setting("program")?.text)
        if !text.contains("\\u") {
            #expect(shown == text && page.all("h1").first?.text == text)
            #expect(page.all("pre").first?.text == text)
        }
        // The page's own script, and the data of its charts.
        #expect(page.all("script").filter { $0.attributes["type"] == nil }.count == 1)
        for data in page.all("script") where data.attributes["type"] != nil {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(data.text.utf8)) }
        }
    }

    @Test func `a run without a step says so`() throws {
        let page = try page(try RunFolderOnDisk(["metrics.jsonl": ""]))
        #expect(page.all("p").contains { $0.text == "No step has been logged yet." })
        #expect(page.all("svg").isEmpty)
    }

    @Test("short runs are drawn", arguments: [1, 2, 3, 29, 30])
    func short(_ count: Int) throws {
        let page = try page(losses: (0..<count).map { "\(3 - 0.01 * Double($0))" })
        let dots = page.paths("dots").first ?? ""
        #expect(count > 24 || dots.split(separator: "M").count == count)
        #expect(page.paths("strong").count + page.paths("dotted").count == 1)
        #expect(page.paths("faint").count == (count >= 30 ? 1 : 0))
    }

    @Test func `losses that are not finite are gaps, which are marked and named`() throws {
        let losses = (0..<100).map {
            (40..<43).contains($0) ? "\"NaN\"" : $0 == 80 ? "\"Infinity\"" : "\(1 + 0.01 * Double($0))"
        }
        let page = try page(losses: losses)
        let strong = try #require(page.paths("strong").first)
        #expect(strong.split(separator: "M").count == 3)
        let gaps = page.all("rect").filter { $0.classes.contains("gap") }
        #expect(gaps.count == 2)
        #expect(page.all("li").contains { $0.text == "not finite at 4 steps: 41–43, 81" })
    }

    @Test func `a run of nothing but NaN is shown`() throws {
        let page = try page(losses: [String](repeating: "\"NaN\"", count: 50))
        #expect(page.all("rect").filter { $0.classes.contains("gap") }.count == 1)
        #expect(page.all("dd").contains { $0.text.hasPrefix("NaN") })
        #expect(page.all("desc").contains { $0.text.contains("no finite value") })
    }

    @Test(
        "extreme values are drawn within the frame",
        arguments: [
            ["1.7976931348623157e308", "-1.7976931348623157e308", "0"], ["5e-324", "1e-310", "1e-300"],
            ["0", "0", "0"],
            ["-5", "-5", "-5"], ["1e300", "1e-300", "1"], ["1e15", "1000000000000001", "1000000000000002"],
            ["0.1", "0.1", "0.10000000000000002"],
        ])
    func extreme(_ losses: [String]) throws {
        for times in [1, 20] {
            let page = try page(losses: (0..<times).flatMap { _ in losses })
            for path in page.all("path").compactMap({ $0.attributes["d"] }) {
                let numbers = path.split { !"0123456789.-".contains($0) }.compactMap { Double($0) }
                #expect(numbers.allSatisfy { (0...1000).contains($0) }, "\(path.prefix(200))")
            }
        }
    }

    @Test func `a large run becomes a small page in which peaks stay`() throws {
        let steps = 40_000
        let lines = (1...steps).map { step in
            "{\"step\":\(step),\"epoch\":\(1 + step / 1000),\"loss\":\(step == 23_457 ? 90.5 : 1 + Double(step % 7) * 0.1),\"seconds\":\(Double(step) / 100)}\n"
        }
        let html = try RunReport.page(of: RunFolderOnDisk(["metrics.jsonl": lines.joined()]).record())
        #expect(html.utf8.count < 200_000)
        let page = try PageReader(html)
        let faint = try #require(page.paths("faint").first)
        #expect((400...1700).contains(faint.split(separator: "L").count))
        let places = faint.split(separator: "L").compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
        #expect(places.filter { $0 < 40 }.count == 1)
        #expect(page.all("title").contains { $0.text == "Throughput" })
    }

    @Test(
        "as many ranks as there are have a row, and all beyond sixteen are folded away", arguments: [1, 2, 16, 17, 300])
    func ranks(_ count: Int) throws {
        let ranks = (0..<count).map {
            "{\"rank\":\($0),\"host\":\"h\",\"compute\":0.6,\"communication\":0.4,\"samples_per_second\":\($0)}"
        }
        let page = try page(
            try RunFolderOnDisk([
                "metrics.jsonl": "",
                "summary.json": "{\"outcome\":\"finished\",\"ranks\":[\(ranks.joined(separator: ","))]}",
            ]))
        #expect(page.all("tr").count == count + (count > 16 ? 2 : 1))
        #expect(page.all("details").count == (count > 16 ? 1 : 0))
    }

    @Test("confusion of few classes has counts, and of many is a picture", arguments: [1, 2, 40, 41, 200])
    func confusion(_ count: Int) throws {
        let rows = (0..<count).map { row in
            "[" + (0..<count).map { "\($0 == row ? 9 : 1)" }.joined(separator: ",") + "]"
        }
        let page = try page(
            try RunFolderOnDisk([
                "metrics.jsonl": "", "evaluation.json": "{\"confusion\":[\(rows.joined(separator: ","))]}",
            ]))
        #expect(page.all("img").count == (count > 40 ? 1 : 0))
        #expect(page.all("td").filter { $0.classes.contains("right") }.count == (count > 40 ? 0 : count))
    }

    @Test func `numbers that no run has do no harm`() throws {
        let large = "9223372036854774784"
        let folder = try RunFolderOnDisk([
            "config.json": "{\"batch-size\": \(large), \"world-size\": \(large), \"threads\": -\(large)}",
            "metrics.jsonl":
                "{\"step\":0,\"epoch\":-\(large),\"loss\":1,\"seconds\":-1e308}\n"
                + "{\"step\":9007199254740992,\"epoch\":\(large),\"loss\":1,\"seconds\":1e308}\n",
            "summary.json":
                "{\"seconds\":-1e300,\"steps\":\(large),\"samples_per_second\":1e300,\"ranks\":[{\"rank\":\(large),"
                + "\"compute\":1e300,\"communication\":-1,\"samples_per_second\":-1e300,\"peak_memory\":1e300}]}",
            "evaluation.json":
                "{\"step\":\(large),\"confusion\":[[\(large),\(large)],[\(large),\(large)]],"
                + "\"mistakes\":[{\"label\":\(large),\"predicted\":-\(large),\"probability\":1e300,\"loss\":-1e300}]}",
            "ranks/rank-0.jsonl":
                "{\"type\":\"start\",\"time\":1e300}\n{\"type\":\"status\",\"step\":-\(large),\"memory\":1e300}\n"
                + "{\"type\":\"step\",\"step\":\(large),\"forward\":1e308,\"backward\":1e308}\n",
        ])
        #expect(try page(folder).all("h2").count == 5)
    }

    @Test func `a failed run says first why`() throws {
        let folder = try RunFolderOnDisk([
            "metrics.jsonl": "{\"step\":1,\"loss\":1}\n",
            "ranks/rank-0.jsonl":
                "{\"type\":\"start\",\"host\":\"a\"}\n{\"type\":\"status\",\"step\":7,\"phase\":\"all-reduce\"}\n",
            "ranks/outcome.json":
                "{\"exit_code\":137,\"rank\":1,\"lines\":[\"rank 1 was killed by SIGKILL\",\"second\"]}",
        ])
        let page = try page(folder)
        #expect(page.all("span").contains { $0.text == "✕ failed" })
        #expect(page.all("pre").first?.text == "rank 1 was killed by SIGKILL\nsecond")
        #expect(page.all("td").contains { $0.text == "all-reduce" })
    }

    @Test func `lines and files that cannot be read are told of`() throws {
        let page = try page(try RunFolderOnDisk(["metrics.jsonl": "x\ny\n", "config.json": "{"]))
        let texts = page.all("p").map(\.text)
        #expect(texts.contains("2 lines of metrics.jsonl cannot be read."))
        #expect(texts.contains { $0.contains("config.json is no JSON") })
    }
}
