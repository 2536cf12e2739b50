import ArgumentParser
import DatasetFiles

/// Where to look for data sets.
struct DataOptions: ParsableArguments {
    @Option(name: .customLong("data-directory"), help: "A folder with data sets, searched first.")
    var dataFolder: String?

    /// The places to search.
    var location: DatasetLocation { DatasetLocation(directory: dataFolder) }
}

extension DatasetDescription {
    /// The data sets with these names, in this order; the whole catalogue for none.
    ///
    /// - Throws: `ValidationError` that names the catalogue where it has no such data set.
    static func selected(_ names: [String]) throws -> [DatasetDescription] {
        guard !names.isEmpty else { return catalogue }
        return try names.map { name in
            guard let dataset = DatasetDescription.named(name) else {
                let known = catalogue.map(\.name).joined(separator: ", ")
                throw ValidationError("there is no data set \(name) in the catalogue; there are: \(known)")
            }
            return dataset
        }
    }
}
