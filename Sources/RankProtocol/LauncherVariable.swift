/// The variables with which our own launcher tells its ranks more than torchrun's say; a foreign program can ignore them.
public enum LauncherVariable {
    /// The descriptor of the control socket, which carries ``RankMessage`` and ``LauncherMessage``.
    ///
    /// Its end of file means that the launcher is gone.
    public static let controlDescriptor = "LOCKSTEP_CONTROL_FD"

    /// A text by which the launcher finds its ranks, and all that they have started.
    public static let mark = "LOCKSTEP_MARK"

    /// The folder of the run, from the root.
    public static let runFolder = "LOCKSTEP_RUN_DIRECTORY"

    /// The ports that ranks may use for data between machines, such as `23500-23599`.
    public static let portRange = "LOCKSTEP_PORT_RANGE"
}

/// Variables of PyTorch's, which its own ranks read too.
public enum PyTorchVariable {
    /// `True` where a launcher serves the store, so that rank 0 joins it as the others do.
    public static let usesAgentStore = "TORCHELASTIC_USE_AGENT_STORE"
    /// How often the job's ranks have been started before; a part of the store's keys.
    public static let restartCount = "TORCHELASTIC_RESTART_COUNT"
    /// How often they may be started again.
    public static let maxRestarts = "TORCHELASTIC_MAX_RESTARTS"
    /// What tells a job from others.
    public static let runID = "TORCHELASTIC_RUN_ID"
    /// The number of machines.
    public static let groupWorldSize = "GROUP_WORLD_SIZE"
    /// The network interface that Gloo uses.
    public static let glooInterface = "GLOO_SOCKET_IFNAME"
}
