import Launching
import RankProtocol
import Torch
import Tracking

/// What each option of a program is and where that comes from, for `--print-config`.
///
/// A value on the command line wins over the environment's, and that over the default. There is no other source: no file
/// is read.
struct ConfigurationListing {
    /// A value, and where it came from.
    struct Entry: Hashable {
        let name: String
        let value: String
        let source: String
    }

    private(set) var entries: [Entry] = []

    /// Variables that change what a program does, beside those that say which rank it is.
    private static let variables = [
        PyTorchVariable.glooInterface, "OMP_NUM_THREADS", "NO_COLOR", "CUDA_VISIBLE_DEVICES",
    ]

    /// Collects the values.
    ///
    /// - Throws: an error of the environment's variables that say which rank this process is.
    init(
        _ settings: ProgramSettings, _ options: TrainingOptions, arguments: [String], environment: [String: String]
    ) throws {
        let place = try RankEnvironment(environment: environment)
        let given = Array(arguments.dropFirst().prefix { $0 != "--" })
        for (name, value) in settings.entries {
            let flag = given.last { argument in
                ["--\(name)", "--no-\(name)"].contains(argument) || argument.hasPrefix("--\(name)=")
            }
            if let flag {
                entries.append(
                    Entry(name: name, value: value.text, source: "command line, \(flag.prefix { $0 != "=" })"))
            } else {
                let (value, source) = Self.resolved(name, value, options, place)
                entries.append(Entry(name: name, value: value, source: source))
            }
        }
        for variable in Self.variables {
            guard let value = environment[variable] else { continue }
            entries.append(Entry(name: variable, value: value, source: "environment"))
        }
        for origin in place?.origins ?? [] {
            let launcher = place?.launcher.map { ", \($0)" } ?? ""
            entries.append(
                Entry(name: origin.name, value: origin.value, source: "environment, \(origin.source)\(launcher)"))
        }
    }

    /// The entries in three columns.
    var lines: [String] {
        let widths = [\Entry.name, \Entry.value].map { path in entries.map { $0[keyPath: path].count }.max() ?? 0 }
        return entries.map { entry in
            let columns = zip([entry.name, entry.value], widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }
            return (columns + [entry.source]).joined(separator: "  ")
        }
    }

    /// What holds where an option was not given.
    private static func resolved(
        _ name: String, _ value: RecordValue, _ options: TrainingOptions, _ place: RankEnvironment?
    ) -> (value: String, source: String) {
        switch name {
        case "threads":
            let ranks = place?.localWorldSize ?? options.launch.nproc?.count ?? 1
            let cores = AvailableCores.count
            return (
                "\(AvailableCores.threadsPerRank(localWorldSize: ranks))",
                "default, \(counted(cores, "core")) for \(counted(ranks, "process", plural: "processes"))"
            )
        case "device":
            let count = LibTorch.cudaDeviceCount
            return (count > 0 ? "cuda" : "cpu", "default, LibTorch sees \(counted(count, "GPU"))")
        case "run-directory": return ("runs/…", "default, a new folder")
        default: return (value.text, "default")
        }
    }
}
