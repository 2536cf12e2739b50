import BrowserDriver
import Foundation
import RunReport
import Testing

/// Pages as a browser shows them.
@Suite("Reports in a browser", .serialized, .enabled(if: Chromium.isExpected, "\(Chromium.absence)"))
struct BrowserTests {
    enum Subject: String, CaseIterable {
        case complete, failing, empty, comparison

        /// The page, how many of its charts have a curve, and how many curves there are at least.
        func page() throws -> (html: String, charts: Double, curves: Double) {
            switch self {
            case .complete: return (RunReport.page(of: try RunFolderOnDisk.complete().record()), 4, 5)
            case .failing:
                let losses = (1...50).map { "{\"step\":\($0),\"loss\":\($0 > 40 ? "\"NaN\"" : "1e-\($0 % 5)")}\n" }
                let folder = try RunFolderOnDisk([
                    "metrics.jsonl": losses.joined(),
                    "ranks/outcome.json": "{\"rank\":1,\"lines\":[\"</pre><script>\"]}",
                ])
                return (RunReport.page(of: try folder.record()), 1, 1)
            case .empty: return (RunReport.page(of: try RunFolderOnDisk(["metrics.jsonl": ""]).record()), 0, 0)
            case .comparison:
                let folders = try (1...3).map {
                    try RunFolderOnDisk.complete(named: "run-\($0)", steps: 40 * $0, rate: 0.02 * Double($0))
                }
                return (RunReport.page(comparing: try folders.map { try $0.record() }), 5, 15)
            }
        }
    }

    /// What came of opening a page.
    private struct Visit {
        /// Numbers that the script gave to `answer`.
        let answer: [Double]
        let complaints: [String]
    }

    /// Opens a page in a window of a width, and runs a script in it, which has to call `answer` with a list of numbers.
    private func visit(_ html: String, width: Int = 1280, script: String) throws -> Visit {
        let folder = try RunFolderOnDisk(["page.html": html])
        let browser = try Chromium()
        defer { browser.close() }
        try browser.screen(width: width, height: 1000)
        try browser.open("file://\(folder.path)/page.html")
        try browser.wait(for: "document.readyState === 'complete'")
        let answer = try browser.value("new Promise(answer => {\n\(script)\n}).then(numbers => numbers.map(Number))")
        return Visit(answer: answer as? [Double] ?? [], complaints: browser.complaints)
    }

    @Test("there is no script error, curves are drawn, and nothing is fetched", arguments: Subject.allCases)
    func drawn(_ subject: Subject) throws {
        let (html, charts, curves) = try subject.page()
        let visit = try visit(
            html,
            script: """
                const paths = Array.from(document.querySelectorAll('.strong, .dotted'))
                const fetched = performance.getEntriesByType('resource').filter(entry => !entry.name.startsWith('data:'))
                const broken = Array.from(document.images).filter(image => image.naturalWidth === 0)
                answer([document.querySelectorAll('.cursor').length, paths.length,
                  Math.min(...paths.map(path => path.getTotalLength()), 1e9), fetched.length, broken.length])
                """)
        #expect(visit.complaints.isEmpty)
        try #require(visit.answer.count == 5)
        #expect(visit.answer[0] == charts && visit.answer[1] >= curves)
        #expect(visit.answer[2] > 50, "the shortest curve")
        #expect(visit.answer[3] == 0 && visit.answer[4] == 0)
    }

    @Test(
        "labels do not overlap, and nothing is wider than the window", arguments: [1280, 360],
        [Subject.complete, .comparison])
    func layout(_ width: Int, _ subject: Subject) throws {
        let visit = try visit(
            try subject.page().html, width: width,
            script: """
                let overlaps = 0
                let labels = 0
                for (const axis of document.querySelectorAll('.xs, .ys')) {
                  const boxes = Array.from(axis.children).map(label => label.getBoundingClientRect())
                  labels += boxes.length
                  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
                    const [a, b] = [boxes[i], boxes[j]]
                    if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) overlaps += 1
                  }
                  for (const box of boxes) {
                    const card = axis.closest('.chart').getBoundingClientRect()
                    if (box.left < card.left || box.right > card.right) overlaps += 100
                  }
                }
                answer([labels, overlaps, document.body.scrollWidth - document.body.clientWidth])
                """)
        #expect(visit.complaints.isEmpty)
        try #require(visit.answer.count == 3)
        #expect(visit.answer[0] > 20 && visit.answer[1] == 0 && visit.answer[2] == 0)
    }

    @Test func `arrow keys move the crosshair, and Escape takes it away`() throws {
        let visit = try visit(
            try Subject.complete.page().html,
            script: """
                const plot = document.querySelector('#loss .plot')
                const readout = document.querySelector('#loss .readout')
                const step = key => {
                  plot.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
                  const match = readout.textContent.match(/step ([0-9,]+)training/)
                  return match ? Number(match[1].replace(',', '')) : -1
                }
                plot.focus()
                answer([document.activeElement === plot, step('End'), step('ArrowLeft'), step('Home'), step('ArrowRight'),
                  step('Escape'), document.querySelectorAll('#loss .spot').length])
                """)
        #expect(visit.complaints.isEmpty)
        #expect(visit.answer.prefix(6) == [1, 120, 119, 1, 2, -1])
    }

    @Test func `the page's policy lets nothing be fetched`() throws {
        let visit = try visit(
            try Subject.complete.page().html,
            script: """
                const refused = []
                document.addEventListener('securitypolicyviolation', event => refused.push(event.effectiveDirective))
                const image = document.createElement('img')
                image.src = 'http://127.0.0.1:9/x.png'
                document.body.append(image)
                fetch('http://127.0.0.1:9/x').catch(() => 0)
                setTimeout(() => answer([refused.length, refused.includes('img-src'), refused.includes('connect-src')]), 200)
                """)
        #expect(visit.answer == [2, 1, 1])
    }
}
