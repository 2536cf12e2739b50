import Checkpointing
import Foundation
import Logging
import Torch
import TorchData
import TorchVision
import Tracking

extension Accelerator {
    /// Keeps what an evaluation of a classifier gave, in `evaluation.json`; all ranks call it.
    func write(_ record: EvaluationRecord, of dataset: some Dataset) throws {
        let whole = try ranks.sum(record.classCount > 0 ? Tensor(copying: record.confusion) : nil)
        let own = record.mistakes.map(\.line).joined(separator: "\n")
        let lines = try ranks.group?.exchange("mistakes", own) ?? [own]
        guard isMainProcess, let confusion = whole?.array(of: Double.self) else { return }
        let count = Int(Double(confusion.count).squareRoot())
        let images = dataset as? ImageDataset
        let names = images?.classNames.count == count ? images?.classNames : nil
        let mistakes = EvaluationRecord.worst(
            lines.map { ($0 ?? "").split(separator: "\n").compactMap(EvaluationRecord.Mistake.init) })
        let contents = CheckpointValue.object([
            "step": .integer(step), "epoch": .integer(epoch),
            "class_names": .list((0..<count).map { .text(names?[$0] ?? "\($0)") }),
            "confusion": .list(
                (0..<count).map { row in
                    .list(confusion[row * count..<(row + 1) * count].map { .integer(Int($0)) })
                }),
            "mistakes": .list(mistakes.map { .object(fields(of: $0, images)) }),
        ])
        do {
            try runFolder.write(contents.json + "\n", to: RunFolder.evaluation)
        } catch {
            logger.warning("what the evaluation gave is not kept for the report: \(error)")
        }
    }

    private func fields(of mistake: EvaluationRecord.Mistake, _ images: ImageDataset?) -> [String: CheckpointValue] {
        var fields: [String: CheckpointValue] = [
            "index": .integer(mistake.index), "label": .integer(mistake.label),
            "predicted": .integer(mistake.predicted),
            "probability": .number(mistake.probability), "loss": .number(mistake.loss),
        ]
        // A picture that cannot be read any more is missing in the report, and nothing else.
        if let image = try? images?.storedImage(at: mistake.index) {
            fields["width"] = .integer(image.width)
            fields["height"] = .integer(image.height)
            fields["channels"] = .integer(image.channels)
            fields["pixels"] = .text(Data(image.interleaved).base64EncodedString())
        }
        return fields
    }
}
