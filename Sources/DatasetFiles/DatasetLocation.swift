import Foundation

/// Where to look for data sets, and what to do when they are nowhere.
///
/// The places are, in this order: ``directory`` (the option `--data-directory`), the environment variable
/// `LOCKSTEP_DATA`, ``sharedDirectory`` where it exists, the user's cache (`$XDG_CACHE_HOME/lockstep/datasets`, or
/// `~/.cache/lockstep/datasets`), then the net, which fills the cache. Below a folder the files of MNIST may lie in
/// `mnist/`, in `MNIST/raw/` as torchvision puts them, or in the folder itself, compressed or plain.
///
/// A string is the directory: `let location: DatasetLocation = "/data"`.
public struct DatasetLocation: Sendable, ExpressibleByStringLiteral {
    /// The folder that the user named, searched first.
    public var directory: String?

    /// A folder searched after `LOCKSTEP_DATA` if it exists; relative to the current directory.
    public var sharedDirectory: String? = "../shared/data"

    /// Whether missing files may be downloaded.
    public var allowsDownload = true

    /// Whether a generated set stands in when everything else failed; see ``SyntheticImages``.
    public var allowsSynthetic = false

    /// The seed of the generated set.
    public var syntheticSeed: UInt64 = 0

    /// Base URLs that replace those of the description.
    public var mirrors: [String]?

    /// Time limits and repetitions of downloads.
    public var downloads = DownloadPolicy()

    /// The environment: `LOCKSTEP_DATA`, `XDG_CACHE_HOME`, `HOME`, and `PATH` for `gzip`, `tar` and `xz`.
    public var environment: [String: String]

    /// A location that searches `directory` first, if there is one.
    public init(
        directory: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.directory = directory
        self.environment = environment
    }

    /// A location that searches the folder `value` first.
    public init(stringLiteral value: String) {
        self.init(directory: value)
    }

    /// How patient a download is.
    public struct DownloadPolicy: Sendable, Hashable {
        /// The longest time without a byte, after which the connection is given up.
        public var stallLimit: Duration = .seconds(30)

        /// How often a mirror may fail in a row without a further byte before the next one is tried.
        public var attempts = 3

        /// The pause before the second attempt; it doubles with each one after.
        public var retryDelay: Duration = .seconds(1)

        /// The speed, in bytes a second, below which another mirror is tried while there is one.
        ///
        /// What has arrived is kept; if no mirror is faster, the slow ones go on to the end.
        public var slowSpeed = 200_000

        /// The time over which the speed is measured.
        public var slowPeriod: Duration = .seconds(15)

        /// The default: 30 s without a byte, 3 attempts, a pause of 1 s, 200 kB/s over 15 s.
        public init() {}
    }

    /// A folder to search, and who named it.
    struct Place: Sendable, Hashable {
        let folder: String
        let origin: String
    }

    /// The folders that belong to the user, in the order of the search; the cache is not one of them.
    var userPlaces: [Place] {
        var places: [Place] = []
        if let directory, !directory.isEmpty {
            places.append(Place(folder: expandingTilde(directory), origin: "--data-directory"))
        }
        if let folder = environment["LOCKSTEP_DATA"], !folder.isEmpty {
            places.append(Place(folder: expandingTilde(folder), origin: "LOCKSTEP_DATA"))
        }
        if let sharedDirectory, isFolder(sharedDirectory) {
            places.append(Place(folder: sharedDirectory, origin: "shared data"))
        }
        return places
    }

    private func expandingTilde(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = environment["HOME"] else { return path }
        return home + path.dropFirst()
    }
}
