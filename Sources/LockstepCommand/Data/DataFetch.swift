import ArgumentParser
import DatasetFiles

/// `lockstep data fetch`: downloads, verifies and unpacks data sets.
struct DataFetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Downloads, verifies and unpacks data sets that are not there yet.",
        discussion: """
            What is already in a folder that is searched is verified and used; the rest goes to the cache, \
            $XDG_CACHE_HOME/lockstep/datasets or ~/.cache/lockstep/datasets. A download that was stopped goes on where \
            it ended.
            """)

    @Argument(help: "The data sets to fetch, such as mnist, fashion-mnist, cifar-10.")
    var names: [String]

    @OptionGroup var data: DataOptions

    @Option(
        name: .customLong("mirror"),
        help: ArgumentHelp(
            "Fetches from here in place of the known mirrors; may be repeated. A file's name is appended.",
            valueName: "url"))
    var mirrors: [String] = []

    func validate() throws { _ = try DatasetDescription.selected(names) }

    func run() async throws {
        var location = data.location
        if !mirrors.isEmpty { location.mirrors = mirrors }
        for dataset in try DatasetDescription.selected(names) {
            let images = try await LabelledImages.open(dataset, in: location)
            let folders = try location.whereabouts(of: dataset).folders.joined(separator: " and ")
            print("\(dataset.name): \(images.train.count) + \(images.test.count) images in \(folders)")
        }
    }
}
