import RunFiles

/// In which settings runs differ.
struct SettingDifferences {
    /// A setting that is not the same in all runs, and its value in each.
    struct Row: Equatable {
        let name: String
        /// Nil where a run has not got the setting, or it is not set.
        let values: [String?]
    }

    /// What names a run's own place, and says nothing about it.
    private static let places: Set<String> = ["run-directory"]

    /// The settings that differ, in the order in which they first occur.
    let rows: [Row]

    /// How many are the same in all.
    let equalCount: Int

    init(_ runs: [RunRecord]) {
        var names: [String] = []
        var seen = Self.places
        for run in runs {
            for field in run.configuration where seen.insert(field.name).inserted { names.append(field.name) }
        }
        let all = names.map { name in Row(name: name, values: runs.map { $0.setting(name)?.words }) }
        rows = all.filter { Set($0.values).count > 1 }
        equalCount = all.count - rows.count
    }
}
