import DatasetFiles

/// The data sets of the catalogue, and where they are.
struct DatasetCheck: DoctorCheck {
    let name = "data sets"
    let location: DatasetLocation

    func findings() async throws -> [Finding] {
        try DatasetDescription.catalogue.map { dataset in
            let whereabouts = try location.whereabouts(of: dataset)
            let values: [String: JSONValue] = [
                "name": "\(dataset.name)", "folders": JSONValue(whereabouts.folders),
                "isComplete": .flag(whereabouts.isComplete),
            ]
            if let damage = whereabouts.damage.first {
                return finding(
                    .warning, "\(dataset.name): \(damage)",
                    next: "Replace the file, or remove it so that it is fetched again.", values)
            }
            guard whereabouts.isComplete else {
                let command = "lockstep data fetch \(dataset.name)"
                return finding(
                    .ok, "\(dataset.name) is not here; programs fetch it when they need it, as \(command) does", values)
            }
            return finding(.ok, "\(dataset.name) in \(whereabouts.folders.joined(separator: " and "))", values)
        }
    }
}
