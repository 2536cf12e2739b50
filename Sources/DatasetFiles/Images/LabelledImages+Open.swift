extension LabelledImages {
    /// Finds both splits of a data set, fetches and unpacks them the first time, and maps them.
    ///
    /// The places are searched in the order that ``DatasetLocation`` tells. Once the files are unpacked and verified
    /// in the cache, opening only maps them: nothing is hashed, and the net is not touched. Of several processes that
    /// open the same set at once, one does the work and the others wait for it.
    ///
    /// If generated images have to stand in they do so for both splits, so that nothing is trained on real images and
    /// tested on others.
    ///
    /// - Parameters:
    ///   - dataset: one of the catalogue, or a description of one's own.
    ///   - location: where to look.
    ///   - report: takes notices for people, from any thread.
    /// - Throws: ``DatasetError``; its message names the file, what was expected and the next step. `CancellationError`
    ///   where the task was cancelled.
    public static func open(
        _ dataset: DatasetDescription,
        in location: DatasetLocation = DatasetLocation(),
        report: @escaping @Sendable (DatasetNotice) -> Void = NoticeDisplay.standardError.show
    ) async throws -> (train: LabelledImages, test: LabelledImages) {
        let images = try await open(dataset, splits: [.train, .test], in: location, report: report)
        return (images[0], images[1])
    }

    /// Finds one split of a data set; see ``open(_:in:report:)``, which a program that needs both must use.
    public static func open(
        _ dataset: DatasetDescription,
        split: DatasetSplit,
        in location: DatasetLocation = DatasetLocation(),
        report: @escaping @Sendable (DatasetNotice) -> Void = NoticeDisplay.standardError.show
    ) async throws -> LabelledImages {
        try await open(dataset, splits: [split], in: location, report: report)[0]
    }

    private static func open(
        _ dataset: DatasetDescription, splits: [DatasetSplit], in location: DatasetLocation,
        report: @escaping @Sendable (DatasetNotice) -> Void
    ) async throws -> [LabelledImages] {
        do {
            var images: [LabelledImages] = []
            for split in splits {
                images.append(
                    try await openReal(
                        DatasetPreparation(dataset: dataset, split: split, location: location, report: report)))
            }
            return images
        } catch let missing as MissingDataset {
            guard location.allowsSynthetic else { throw missing.error }
            return try await openSynthetic(dataset, splits, in: location, because: missing, report: report)
        }
    }

    private static func openReal(_ preparation: DatasetPreparation) async throws -> LabelledImages {
        let prepared = try await preparation.files()
        do {
            return try await map(preparation, prepared)
        } catch let error as DatasetError where prepared.isCached {
            // Something changed a file in the cache after it was verified: it is fetched again, once.
            preparation.report(.line("\(error.message) The cache is repaired."))
            try await preparation.removeDamagedFiles()
            return try await map(preparation, preparation.files())
        }
    }

    private static func map(
        _ preparation: DatasetPreparation, _ prepared: PreparedFiles
    ) async throws -> LabelledImages {
        try await withBlockingWork {
            try LabelledImages(
                preparation.dataset, split: preparation.split, files: prepared.paths, isSynthetic: false)
        }
    }

    private static func openSynthetic(
        _ dataset: DatasetDescription, _ splits: [DatasetSplit], in location: DatasetLocation,
        because missing: MissingDataset, report: @Sendable (DatasetNotice) -> Void
    ) async throws -> [LabelledImages] {
        let generated = SyntheticImages(like: dataset, seed: location.syntheticSeed)
        let folder = try DatasetCache(environment: location.environment).folder(for: generated.folderName)
        let paths = try await CacheLock.withLock(
            on: folder, for: "the synthetic images of \(dataset.title)", report: report
        ) {
            try await withBlockingWork {
                try splits.map { try generated.write($0, into: folder) }
            }
        }
        report(
            .line(
                "synthetic images in place of \(dataset.title) (seed \(location.syntheticSeed)), so no accuracy below is "
                    + "one of \(dataset.title): \(missing.reason)"))
        return try await withBlockingWork {
            try zip(splits, paths).map { split, paths in
                try LabelledImages(dataset, split: split, files: paths, isSynthetic: true)
            }
        }
    }
}
