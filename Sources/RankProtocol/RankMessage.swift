/// What a rank tells its launcher.
public enum RankMessage: Codable, Sendable, Hashable {
    /// The rank has opened its control channel; from now on its end is expected to be announced.
    case started(pid: Int32)
    /// The rank cannot go on.
    case failed(RankFailure)
    /// The rank's work is done; what follows is its exit.
    case finished
    /// From now on the rank saves its training when it is asked to, and ends.
    case savesWhenAsked
    /// The rank has ended its training before its time because it was asked to, and saved it after this step.
    case stopped(step: Int)
}

/// What a launcher tells one of its ranks.
public enum LauncherMessage: Codable, Sendable, Hashable {
    /// The rank is to end; SIGTERM follows, and SIGKILL after a grace.
    case stop(reason: String)
    /// The rank is to save its training after the step in progress, and end.
    case save
}
