import ArgumentParser
import DatasetFiles
import Launching

/// `lockstep data list`: what the catalogue has.
struct DataList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows data sets with their files, sizes and checksums, and where they are.",
        discussion: "Below each file of the mirrors stand the files that are in it.")

    @Argument(help: "The data sets to show (default: all).")
    var names: [String] = []

    @OptionGroup var data: DataOptions

    func validate() throws { _ = try DatasetDescription.selected(names) }

    func run() throws {
        let texts = try DatasetDescription.selected(names).map { try text(of: $0) }
        print(texts.joined(separator: "\n\n"))
    }

    private func text(of dataset: DatasetDescription) throws -> String {
        let shape = dataset.imageShape
        let size = dataset.archives.map(\.file.size).reduce(0, +)
        let whereabouts = try data.location.whereabouts(of: dataset)
        var lines = [
            "\(dataset.name): \(dataset.title), \(dataset.classNames.count) classes, images of "
                + "\(shape.channels)x\(shape.height)x\(shape.width), \(Machine.text(bytes: size)) to fetch",
            "  "
                + (whereabouts.isComplete
                    ? "found in \(whereabouts.folders.joined(separator: " and "))"
                    : "not found; lockstep data fetch \(dataset.name) fetches it"),
        ]
        lines += whereabouts.damage.map { "  damaged: \($0)" }
        for archive in dataset.archives {
            lines.append("  \(archive.file)")
            lines += archive.contents.map { "    \($0)" }
        }
        return lines.joined(separator: "\n")
    }
}
