import BrowserDriver
import Foundation
import Testing

@testable import TrainingBoard

@Suite("The board in a real browser", .enabled(if: Chromium.isExpected, "\(Chromium.absence)"), .serialized)
struct BrowserTests {
    private let folder: BoardFolder

    init() throws { folder = try BoardFolder() }

    /// Opens the board of the folder in a browser while `body` runs on a thread, and expects no complaint.
    private func browse(_ choice: String, _ body: @escaping @Sendable (Chromium) throws -> Void) async throws {
        try await withBoard(BoardOptions(folder: folder.path, port: 0)) { _, address in
            try await onThread {
                let browser = try Chromium()
                defer { browser.close() }
                try browser.screen(width: 1280, height: 800)
                try browser.open(address + choice)
                try body(browser)
                #expect(browser.complaints.isEmpty)
            }
        }
    }

    /// Whether a chart has been drawn: points, and pixels in the first run's colour.
    private static func isDrawn(_ metric: String, last: Int) -> String {
        """
        (() => {
            const canvas = document.querySelector('canvas[data-metric="\(metric)"]');
            if (!canvas || Number(canvas.dataset.last) !== \(last)) return false;
            const [r, g, b] = [0x00, 0x72, 0xb2];
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            let found = 0;
            for (let at = 0; at < pixels.length; at += 4)
                if (Math.abs(pixels[at] - r) + Math.abs(pixels[at + 1] - g) + Math.abs(pixels[at + 2] - b) < 30 && pixels[at + 3] > 200) found += 1;
            return found > 100;
        })()
        """
    }

    @Test("a run of 60 steps is followed while it is written, to its end")
    func live() async throws {
        let folder = folder
        try folder.write(#"{"program":"toy","batch-size":32}"#, to: "live/config.json")
        for rank in 0..<2 {
            try folder.write(
                BoardFolder.start(rank, of: 2) + BoardFolder.status(0), to: "live/ranks/rank-\(rank).jsonl")
        }
        try await browse("#run=live") { browser in
            try browser.wait(for: "document.querySelector('#head .pill.running')")
            for step in 1...60 {
                let accuracy =
                    step % 20 == 0 ? #"{"step":\#(step),"accuracy":0.\#(step),"evaluation_loss":0.5}"# + "\n" : ""
                try folder.append(BoardFolder.metrics(step...step) + accuracy, to: "live/metrics.jsonl")
                for rank in 0..<2 {
                    try folder.append(
                        BoardFolder.step(step) + BoardFolder.status(step), to: "live/ranks/rank-\(rank).jsonl")
                }
                if step == 20 || step == 40 {
                    try browser.wait(for: Self.isDrawn("loss", last: step))
                    try browser.wait(for: "document.querySelector('#head').innerText.includes('\(step)')")
                }
            }
            for rank in 0..<2 { try folder.append(BoardFolder.end("finished"), to: "live/ranks/rank-\(rank).jsonl") }
            try browser.wait(for: Self.isDrawn("loss", last: 60))
            try browser.wait(for: Self.isDrawn("accuracy", last: 60))
            try browser.wait(for: "document.querySelector('#head .pill.finished')")
            try browser.wait(
                for: "document.getElementById('announcements').textContent.includes('live is now finished')")
            #expect(
                try browser.value("document.querySelector('canvas[data-metric=loss]').dataset.points") as? String
                    == "60")
            try browser.picture("curves")
            try browser.value("document.getElementById('tab-timeline').click()")
            try browser.wait(for: "Number(document.querySelector('#panel-timeline canvas')?.dataset.bars) > 50")
            try browser.picture("timeline")
            try browser.value("document.getElementById('tab-configuration').click()")
            try browser.wait(for: "document.getElementById('panel-configuration').innerText.includes('batch-size')")
        }
    }

    @Test("a rank that dies turns red where it is seen, with what is known of it")
    func death() async throws {
        let folder = folder
        let ranks = try (0..<3).map { _ in try Sleeper() }
        for (rank, process) in ranks.enumerated() {
            try folder.write(
                BoardFolder.start(rank, of: 3, pid: process.pid) + BoardFolder.status(10),
                to: "job/ranks/rank-\(rank).jsonl")
        }
        try folder.write(BoardFolder.metrics(1...10), to: "job/metrics.jsonl")
        try folder.write("first words\nout of memory: <img src=x onerror=alert(1)>\n", to: "job/logs/rank-1.err")
        let colour = "getComputedStyle(document.querySelector('tr[data-rank=\"1\"] td')).backgroundColor"
        try await browse("#run=job&tab=ranks") { browser in
            try browser.wait(for: "document.querySelectorAll('tr.rank.running').length === 3")
            let before = try browser.value(colour) as? String
            ranks[1].end()
            for rank in [0, 2] { try folder.append(BoardFolder.status(11), to: "job/ranks/rank-\(rank).jsonl") }
            try browser.wait(for: "document.querySelector('tr.rank.dead')")
            #expect(try browser.value("document.querySelector('tr.rank.dead').dataset.rank") as? String == "1")
            #expect(try browser.value(colour) as? String == "rgb(253, 235, 238)")
            #expect(before == "rgba(0, 0, 0, 0)")
            let sign = "getComputedStyle(document.querySelector('tr.rank.dead .pill')).backgroundColor"
            #expect(try browser.value(sign) as? String == "rgb(224, 71, 91)")
            try browser.wait(for: "document.querySelector('#head .pill.failed')")
            let words = try browser.value("document.querySelector('tr.rank.dead').innerText") as? String ?? ""
            #expect(words.contains("no longer exists") && words.contains("<img src=x onerror=alert(1)>"))
            #expect(try browser.picture("death").count > 10_000)
            let outcome =
                #"{"time":\#(Date().timeIntervalSince1970),"exit_code":137,"rank":1,"lines":["rank 1 (pid 5) was killed by SIGKILL"]}"#
            try folder.write(outcome, to: "job/ranks/outcome.json")
            try browser.wait(for: "document.getElementById('alert').innerText.includes('was killed by SIGKILL')")
            try browser.wait(for: "document.querySelectorAll('tr.rank.stopped').length === 2")
            try browser.value("document.getElementById('tab-logs').click()")
            try browser.wait(for: "document.querySelector('.log').textContent.includes('onerror=alert(1)')")
            #expect(try browser.value("document.querySelectorAll('img[src=x]').length") as? Int == 0)
        }
        for rank in ranks { rank.end() }
    }

    @Test("runs are searched, chosen and compared by keyboard")
    func keyboard() async throws {
        for name in ["alpha", "beta", "gamma"] {
            try folder.write(BoardFolder.metrics(1...30), to: "\(name)/metrics.jsonl")
        }
        try await browse("#run=alpha") { browser in
            try browser.wait(for: "document.querySelectorAll('.run').length === 3 && \(Self.isDrawn("loss", last: 30))")
            try browser.press("/", code: 191)
            #expect(try browser.value("document.activeElement.id") as? String == "search")
            try browser.press("ArrowDown", code: 40)
            #expect(try browser.value("document.activeElement.id") as? String == "runs")
            try browser.press("End", code: 35)
            try browser.press(" ", code: 32)
            try browser.wait(for: "document.querySelectorAll('.run[aria-selected=true]').length === 2")
            try browser.wait(for: "document.querySelectorAll('.legend li').length === 2")
            try browser.press("Home", code: 36)
            try browser.press("Enter", code: 13)
            try browser.wait(for: "document.querySelectorAll('.run[aria-selected=true]').length === 1")
            #expect(
                try browser.value("getComputedStyle(document.querySelector('.run.active')).borderColor") as? String
                    == "rgb(11, 92, 173)")
            try browser.value(
                "document.getElementById('search').value = 'gam'; document.getElementById('search').dispatchEvent(new Event('input'))"
            )
            try browser.wait(for: "document.querySelectorAll('.run').length === 1")
            try browser.value("document.querySelector('canvas').focus()")
            try browser.press("+", code: 187)
            try browser.wait(for: "document.querySelector('input[aria-label=\"From step\"]').value !== ''")
            try browser.press("Escape", code: 27)
            try browser.wait(for: "document.querySelector('input[aria-label=\"From step\"]').value === ''")
        }
    }

    @Test("nothing is wider than a phone, and light and dark differ", arguments: [false, true])
    func phone(isDark: Bool) async throws {
        try folder.write(BoardFolder.metrics(1...30), to: "a-run-with-a-rather-long-name-20261121-124849/metrics.jsonl")
        for rank in 0..<4 {
            try folder.write(
                BoardFolder.start(rank, of: 4) + BoardFolder.step(1) + BoardFolder.status(30),
                to: "a-run-with-a-rather-long-name-20261121-124849/ranks/rank-\(rank).jsonl")
        }
        try await browse("") { browser in
            try browser.screen(width: 360, height: 740, isDark: isDark)
            try browser.wait(for: "document.querySelector('canvas')?.dataset.last === '30'")
            for tab in ["curves", "ranks", "timeline", "results", "logs", "configuration"] {
                try browser.value("document.getElementById('tab-\(tab)').click()")
                try browser.wait(for: "!document.getElementById('panel-\(tab)').hidden")
                #expect(try browser.value("document.documentElement.scrollWidth") as? Int == 360, "\(tab)")
                try browser.picture("phone-\(tab)-\(isDark ? "dark" : "light")")
            }
            let back = try browser.value("getComputedStyle(document.body).backgroundColor") as? String
            #expect(back == (isDark ? "rgb(13, 17, 23)" : "rgb(243, 245, 248)"))
        }
    }

    private static let clothes = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]

    @Test(
        "results have the ranks' time, the confusion in colours and mistakes with their images",
        arguments: [(1280, false), (1280, true), (360, false), (360, true)])
    func results(width: Int, isDark: Bool) async throws {
        let folder = folder
        try folder.write(BoardFolder.metrics(1...30), to: "done/metrics.jsonl")
        try folder.write(BoardFolder.summary(ranks: 4), to: "done/summary.json")
        try folder.write(BoardFolder.evaluation(Self.clothes), to: "done/evaluation.json")
        try await browse("#run=done&tab=results") { browser in
            try browser.screen(width: width, height: 2600, isDark: isDark)
            try browser.wait(for: "document.querySelectorAll('#panel-results .matrix [role=gridcell]').length === 100")
            #expect(try browser.value("document.documentElement.scrollWidth") as? Int == width)
            #expect(try browser.value("document.querySelectorAll('#panel-results tr[data-rank]').length") as? Int == 4)
            let words = try browser.value("document.getElementById('panel-results').innerText") as? String ?? ""
            for text in ["1 min 1 s", "1,875", "62.0 %", "1.6 GB", "machine-1", "Shirt", "loss ∞"] {
                #expect(words.contains(text), "\(text)")
            }
            // Of the grey image the middle is bright and the corner dark; of the coloured one each pixel is another.
            let pixels = try browser.value(
                """
                [...document.querySelectorAll('.mistakes canvas')].map(canvas => [...canvas.getContext('2d')
                    .getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data])
                """)
            #expect(pixels as? [[Int]] == [[255, 255, 255, 255], [180, 200, 220, 255]])
            let colour = "getComputedStyle(document.querySelector('.matrix .right')).backgroundColor"
            #expect(try browser.value(colour) as? String == (isDark ? "rgb(86, 180, 233)" : "rgb(0, 104, 170)"))
            try browser.picture("results-\(width)-\(isDark ? "dark" : "light")")
        }
    }

    @Test("a cell of the confusion is read off by arrow keys, and a new evaluation takes the old one's place")
    func cells() async throws {
        let folder = folder
        try folder.write(BoardFolder.metrics(1...30), to: "done/metrics.jsonl")
        try await browse("#run=done&tab=results") { browser in
            try browser.wait(
                for: "document.querySelector('#panel-results .note')?.innerText.includes('no results yet')")
            try folder.write(BoardFolder.evaluation(Self.clothes), to: "done/evaluation.json")
            try browser.wait(for: "document.querySelector('.matrix [role=gridcell]')")
            try browser.value("document.querySelector('.matrix [role=gridcell]').focus()")
            for key in ["ArrowLeft", "ArrowDown", "End", "ArrowUp", "ArrowDown", "ArrowLeft", "Home"] {
                try browser.press(key, code: 0)
            }
            for _ in 0..<4 { try browser.press("ArrowRight", code: 39) }
            let words = "7 of 100 samples of Trouser (7.0 %) were taken for Coat"
            #expect(try browser.value("document.querySelector('.readout').textContent") as? String == words)
            #expect(try browser.value("document.activeElement.getAttribute('aria-label')") as? String == words)
            #expect(try browser.value("document.querySelectorAll('.matrix [tabindex=\"0\"]').length") as? Int == 1)
            try folder.write(BoardFolder.evaluation((0..<50).map { "class \($0)" }), to: "done/new.json")
            #expect(rename("\(folder.path)/done/new.json", "\(folder.path)/done/evaluation.json") == 0)
            try browser.wait(for: "document.querySelector('canvas.heat')?.width === 50")
            let diagonal = "[...document.querySelector('canvas.heat').getContext('2d').getImageData(0, 0, 1, 1).data]"
            #expect(try browser.value(diagonal) as? [Int] == [0, 104, 170, 255])
            try browser.picture("results-many")
        }
    }

    /// A process that stands for a rank.
    private final class Sleeper: Sendable {
        let pid: pid_t
        private let process: Process

        init() throws {
            process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sleep")
            process.arguments = ["300"]
            try process.run()
            pid = process.processIdentifier
        }

        deinit { end() }

        func end() {
            if process.isRunning { kill(pid, SIGKILL) }
            process.waitUntilExit()
        }
    }
}
