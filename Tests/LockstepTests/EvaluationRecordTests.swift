import Foundation
import LockstepTesting
import Testing

@testable import Lockstep

@Suite("What an evaluation leaves for the report")
struct EvaluationRecordTests {
    @Test("classes are counted by label and by what they were taken for, and the worst mistakes come first")
    func counts() {
        var record = EvaluationRecord()
        let scores = Tensor([[3.0, 0, 0], [0, 4, 0], [0, 0, 5], [2, 0, 0]])
        record.add(scores, Tensor([0, 0, 1, 2]), losses: Tensor([0.1, 4.0, 5.0, 2.0])) { 10 + 2 * $0 }
        // Another batch, and one whose outputs are no scores.
        record.add(Tensor([[0.0, 1, 0]]), Tensor([2]), losses: Tensor([3.0])) { _ in 99 }
        record.add(Tensor([1.0]), Tensor([2]), losses: Tensor([3.0])) { _ in 0 }
        #expect(record.confusion == [1, 1, 0, 0, 0, 1, 1, 1, 0])
        #expect(record.mistakes.map(\.index) == [14, 12, 99, 16])
        #expect(record.mistakes.map(\.predicted) == [2, 1, 1, 0])
        let sure = exp(5.0) / (exp(5.0) + 2)
        #expect(abs((record.mistakes.first?.probability ?? 0) - sure) < 1e-6)
    }

    @Test("a line brings a mistake to another rank, and the worst of all ranks are kept")
    func ranks() {
        let mistakes = (0..<100).map {
            EvaluationRecord.Mistake(
                index: $0, label: 1, predicted: 2, probability: 0.1 * Double($0 % 7), loss: Double($0))
        }
        #expect(mistakes.map { EvaluationRecord.Mistake(Substring($0.line)) } == mistakes)
        #expect(EvaluationRecord.Mistake("1 2 3") == nil)
        let worst = EvaluationRecord.worst([Array(mistakes[..<50]), Array(mistakes[50...])])
        #expect(worst.map(\.index) == Array((60..<100).reversed()))
    }

    private struct File: Decodable, Equatable {
        struct Mistake: Decodable, Equatable {
            let index: Int
            let label: Int
            let predicted: Int
            let loss: Double
            let pixels: Data?
        }
        let classNames: [String]
        let confusion: [[Int]]
        let mistakes: [Mistake]
    }

    @Test("the file has every sample once at any number of ranks, with the pictures of the mistakes")
    func file() throws {
        let files = try [1, 2].map { ranks in
            let run = try ProgramRun(
                "fashion-mnist",
                [
                    "--nproc", "\(ranks)", "--global-batch-size", "32", "--synthetic-fallback", "--limit", "321",
                    "--max-steps", "4", "--kernels", "libtorch", "--threads", "1",
                ])
            #expect(run.status == 0, "\(run.diagnostics)")
            let data = try Data(contentsOf: URL(fileURLWithPath: run.path(of: "evaluation.json")))
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let file = try decoder.decode(File.self, from: data)
            #expect(file.confusion.joined().reduce(0, +) == 321)
            let right = file.confusion.indices.reduce(0) { $0 + file.confusion[$1][$1] }
            let accuracy = try run.metrics().last { $0.accuracy != nil }?.accuracy
            #expect(accuracy == Double(right) / 321)
            return file
        }
        #expect(files[0].classNames.contains("Ankle boot") && files[0].classNames == files[1].classNames)
        #expect(files[0].mistakes.count == 40 && files[0].mistakes.allSatisfy { $0.pixels?.count == 784 })
        #expect(files[0].mistakes.map(\.loss) == files[0].mistakes.map(\.loss).sorted(by: >))
        // Sums between two ranks are rounded otherwise, so close losses may change places.
        let common = Set(files[0].mistakes.map(\.index)).intersection(files[1].mistakes.map(\.index))
        #expect(common.count >= 38)
    }
}
