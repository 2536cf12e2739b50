/// Which runs are shown, and to whom.
public struct BoardOptions: Sendable {
    /// The folder of runs, or the folder of one run; it may not exist yet.
    public var folder: String

    /// The address to serve on: this machine alone sees the board under `127.0.0.1`.
    public var host: String

    /// The port; 0 for any free one, nil for the first free one of 6070 to 6099.
    public var port: Int?

    /// What has to be shown with the first request; nil for a random one where other machines can ask, and none elsewhere.
    public var token: String?

    /// The ports that are tried where none is named.
    public static let standardPorts = 6070...6099

    /// Options for a folder, served to this machine alone.
    public init(folder: String = "runs", host: String = "127.0.0.1", port: Int? = nil, token: String? = nil) {
        self.folder = folder
        self.host = host
        self.port = port
        self.token = token
    }

    /// Whether only this machine can reach the host's address.
    var isLoopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1" || parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }
}
