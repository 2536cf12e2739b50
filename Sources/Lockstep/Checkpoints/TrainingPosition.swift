import Checkpointing

/// How far a training is: what a checkpoint says beside its tensors.
///
/// Places in the data are counted in samples of all ranks, so that another number of ranks can go on.
struct TrainingPosition: Hashable {
    /// Where a loader is.
    struct Loader: Hashable {
        /// The epoch in progress, or else the next, counted from 0.
        var epoch: Int
        /// How many samples of that epoch all ranks have taken.
        var samples: Int
        /// The samples of a step on all ranks.
        var globalBatch: Int
        /// What the data are.
        var data: String
    }

    var step: Int
    /// The last epoch that began, counted from 1.
    var epoch: Int
    /// Whether that epoch's loop is still running.
    var isInEpoch: Bool
    var loaders: [Loader]
    var worldSize: Int
    /// What the learning rates follow, in words, by the schedulers' names.
    var schedules: [String: String]
    /// The buckets in which the gradients of each model are averaged, where they are; parameters by number.
    var buckets: [[[Int]]]
    /// How long `metrics.jsonl` was.
    var metricsByteCount: Int
    /// The program's options, as `config.json` has them.
    var configuration: [String: String]

    /// As a checkpoint's record.
    var record: [String: CheckpointValue] {
        [
            "step": .integer(step), "epoch": .integer(epoch), "in_epoch": .flag(isInEpoch),
            "world_size": .integer(worldSize), "metrics_bytes": .integer(metricsByteCount),
            "schedules": .object(schedules.mapValues { .text($0) }),
            "buckets": .list(buckets.map { .list($0.map { .list($0.map { .integer($0) }) }) }),
            "configuration": .object(configuration.mapValues { .text($0) }),
            "loaders": .list(
                loaders.map {
                    .object([
                        "epoch": .integer($0.epoch), "samples": .integer($0.samples),
                        "global_batch": .integer($0.globalBatch), "data": .text($0.data),
                    ])
                }),
        ]
    }

    init(
        step: Int, epoch: Int, isInEpoch: Bool, loaders: [Loader], worldSize: Int, schedules: [String: String],
        buckets: [[[Int]]], metricsByteCount: Int, configuration: [String: String]
    ) {
        self.step = step
        self.epoch = epoch
        self.isInEpoch = isInEpoch
        self.loaders = loaders
        self.worldSize = worldSize
        self.schedules = schedules
        self.buckets = buckets
        self.metricsByteCount = metricsByteCount
        self.configuration = configuration
    }

    /// Reads a checkpoint's record; nil where it is not one of a training.
    init?(_ record: [String: CheckpointValue]) {
        guard let step = record["step"]?.integerValue, let epoch = record["epoch"]?.integerValue, step >= 0, epoch >= 0,
            let isInEpoch = record["in_epoch"]?.flagValue, let worldSize = record["world_size"]?.integerValue,
            let metrics = record["metrics_bytes"]?.integerValue, let list = record["loaders"]?.listValue,
            let configuration = record["configuration"]?.objectValue
        else { return nil }
        let loaders = list.compactMap { value -> Loader? in
            guard let epoch = value["epoch"]?.integerValue, let samples = value["samples"]?.integerValue,
                let batch = value["global_batch"]?.integerValue, let data = value["data"]?.textValue,
                epoch >= 0, samples >= 0, batch >= 1
            else { return nil }
            return Loader(epoch: epoch, samples: samples, globalBatch: batch, data: data)
        }
        guard loaders.count == list.count, worldSize >= 1 else { return nil }
        self.init(
            step: step, epoch: epoch, isInEpoch: isInEpoch, loaders: loaders, worldSize: worldSize,
            schedules: record["schedules"]?.objectValue?.compactMapValues(\.textValue) ?? [:],
            buckets: record["buckets"]?.listValue?.map { model in
                (model.listValue ?? []).map { bucket in (bucket.listValue ?? []).compactMap(\.integerValue) }
            } ?? [], metricsByteCount: max(0, metrics), configuration: configuration.compactMapValues(\.textValue))
    }
}
