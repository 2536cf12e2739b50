extension ScalingPlan {
    /// What was assumed, a table, and what limits from which size on.
    ///
    /// Of more than 16 numbers of nodes the table shows powers of two, those where the limit changes, and the last.
    ///
    /// - Parameter computeSource: where the time of a sample is from, such as `measured in runs/resnet`.
    public func text(computeSource: String) -> String {
        let assumptions = assumptions(computeSource: computeSource).map { "\($0.name.padded(to: 11)) \($0.text)" }
        let head = [
            "nodes", "ranks", "step", "computing", "transfer", "latency", "samples/s", "speed-up", "efficiency",
        ]
        let rows = shown.map { row(of: $0) }
        return (assumptions + ["", Self.table([head + ["limited by"]] + rows), ""] + limitLines)
            .joined(separator: "\n")
    }

    /// What the predictions rest on, a line each.
    func assumptions(computeSource: String) -> [(name: String, text: String)] {
        let model = job.model
        let sizes = job.buckets.map { QuantityText.size(Double($0.bytes)) }
        let buckets =
            sizes.count <= 6
            ? sizes.joined(separator: ", ")
            : (sizes.prefix(3) + ["…", sizes[sizes.count - 1]]).joined(separator: ", ")
        var lines = [
            (
                "model",
                "\(model.name): \(QuantityText.count(model.parameterCount)) parameters"
                    + ", \(QuantityText.number(model.operations / 1e9)) GFLOP a sample"
            ),
            (
                "gradients",
                "\(QuantityText.size(Double(model.gradientBytes))) in \(sizes.count) "
                    + "bucket\(sizes.count == 1 ? "" : "s"): \(buckets)"
            ),
            (
                "computing",
                "\(QuantityText.duration(job.secondsPerSample)) a sample (\(computeSource)), batches of \(job.batchSize) "
                    + "a rank; \(job.optimizer.rawValue) "
                    + QuantityText.duration(job.optimizerSeconds(memoryBandwidth: cluster.memoryBandwidth))
            ),
            (
                "network",
                "\(QuantityText.bandwidth(cluster.network.bandwidth)), "
                    + "\(QuantityText.duration(cluster.network.latency)) a message; all-reduce: "
                    + cluster.allReduce.rawValue
            ),
        ]
        if cluster.ranksPerNode > 1 {
            lines.append(
                (
                    "in a node",
                    "\(cluster.ranksPerNode) ranks, \(QuantityText.bandwidth(cluster.local.bandwidth)), "
                        + "\(QuantityText.duration(cluster.local.latency)) a message"
                ))
        }
        return lines
    }

    /// A sentence for each stretch with the same limit.
    var limitLines: [String] {
        limits.map { stretch in
            let place =
                stretch.first == stretch.last
                ? "At \(stretch.first) node\(stretch.first == 1 ? "" : "s")"
                : "From \(stretch.first) to \(stretch.last) nodes"
            switch stretch.limit {
            case .compute:
                return "\(place) the job is limited by computing: communication is under 10 % of a step."
            case .latency:
                return "\(place) latency limits most: larger buckets, larger batches or fewer ranks help."
            case .bandwidth:
                return "\(place) bandwidth limits most: a faster network, larger batches or smaller gradients help."
            }
        }
    }

    private var shown: [StepPrediction] {
        guard predictions.count > 16 else { return predictions }
        let changes = Set(limits.map(\.first))
        return predictions.enumerated().filter { index, prediction in
            index == predictions.count - 1 || prediction.nodes & (prediction.nodes - 1) == 0
                || changes.contains(prediction.nodes)
        }.map(\.element)
    }

    private func row(of prediction: StepPrediction) -> [String] {
        let exposed = prediction.exposed
        return [
            "\(prediction.nodes)", "\(prediction.ranks)", QuantityText.duration(prediction.stepSeconds),
            QuantityText.duration(prediction.computeSeconds),
            QuantityText.duration(exposed.transfer + exposed.reduction), QuantityText.duration(exposed.latency),
            QuantityText.number(prediction.samplesPerSecond),
            QuantityText.number(prediction.efficiency * Double(prediction.ranks)),
            QuantityText.share(prediction.efficiency), prediction.limit.rawValue,
        ]
    }

    /// Columns to the right of each other, numbers aligned at their ends.
    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { cell, width in String(repeating: " ", count: width - cell.count) + cell }
                .joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension String {
    /// With spaces behind it up to a length.
    fileprivate func padded(to length: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, length - count))
    }
}
