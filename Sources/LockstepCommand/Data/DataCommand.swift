import ArgumentParser

/// `lockstep data`: the data sets of the catalogue.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Lists, finds and fetches data sets.",
        subcommands: [DataList.self, DataFetch.self, DataWhere.self])
}
