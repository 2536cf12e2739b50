/// What a rank tells its launcher.
public enum RankMessage: Codable, Sendable, Hashable {
    /// The rank has opened its control channel; from now on its end is expected to be announced.
    case started(pid: Int32)
    /// The rank cannot go on.
    case failed(RankFailure)
    /// The rank's work is done; what follows is its exit.
    case finished
}

/// What a launcher tells one of its ranks.
public enum LauncherMessage: Codable, Sendable, Hashable {
    /// The rank is to end; SIGTERM follows, and SIGKILL after a grace.
    case stop(reason: String)
}
