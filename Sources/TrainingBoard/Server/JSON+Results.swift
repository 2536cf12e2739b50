import Foundation
import RunFiles

extension JSON {
    /// What a run did in all.
    init(_ summary: RunSummary) {
        self = [
            "seconds": JSON(summary.seconds), "steps": JSON(summary.steps),
            "samplesPerSecond": JSON(summary.samplesPerSecond), "ranks": .list(summary.ranks.map { JSON($0) }),
        ]
    }

    private init(_ rank: RunSummary.Rank) {
        self = [
            "rank": .whole(rank.rank), "host": JSON(rank.host), "compute": .number(rank.compute),
            "communication": .number(rank.communication), "data": .number(rank.data), "other": .number(rank.other),
            "samplesPerSecond": JSON(rank.samplesPerSecond), "peakMemory": JSON(rank.peakMemory),
        ]
    }

    /// What an evaluation gave, with classes by their names.
    init(_ evaluation: ClassifierEvaluation) {
        self = [
            "step": JSON(evaluation.step), "epoch": JSON(evaluation.epoch),
            "names": JSON(evaluation.confusion.indices.map(evaluation.name)),
            "confusion": .list(evaluation.confusion.map { .list($0.map(JSON.whole)) }),
            "mistakes": .list(
                evaluation.mistakes.map { mistake in
                    [
                        "index": JSON(mistake.index), "label": .text(evaluation.name(of: mistake.label)),
                        "predicted": .text(evaluation.name(of: mistake.predicted)),
                        "probability": JSON(mistake.probability), "loss": Self.named(mistake.loss),
                        "image": mistake.image.map { JSON($0) } ?? .null,
                    ]
                }),
        ]
    }

    private init(_ image: ClassifierEvaluation.Pixels) {
        self = [
            "width": .whole(image.width), "height": .whole(image.height), "channels": .whole(image.channels),
            "pixels": .text(Data(image.bytes).base64EncodedString()),
        ]
    }
}
