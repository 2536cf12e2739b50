import ArgumentParser
import DatasetFiles

/// `lockstep data where`: the folders that are searched, and those where data sets were found.
struct DataWhere: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "where",
        abstract: "Shows which folders are searched for data sets, and where they are.",
        discussion: "The exit status is 1 where a data set that was named is not found, and 0 otherwise.")

    @Argument(help: "The data sets to look for (default: all).")
    var names: [String] = []

    @OptionGroup var data: DataOptions

    func validate() throws { _ = try DatasetDescription.selected(names) }

    func run() throws {
        var missing = false
        for dataset in try DatasetDescription.selected(names) {
            let whereabouts = try data.location.whereabouts(of: dataset)
            print(
                "\(dataset.name): "
                    + (whereabouts.isComplete ? whereabouts.folders.joined(separator: " and ") : "not found"))
            missing = missing || !whereabouts.isComplete
            for place in whereabouts.places { print("  \(place.text)") }
        }
        if missing, !names.isEmpty { throw ExitCode(1) }
    }
}
