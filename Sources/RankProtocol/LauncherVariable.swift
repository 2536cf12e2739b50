/// The variables with which our own launcher hands sockets to its ranks; a foreign program can ignore them.
public enum LauncherVariable {
    /// The descriptor of the control socket, which carries ``RankMessage`` and ``LauncherMessage``.
    ///
    /// Its end of file means that the launcher is gone.
    public static let controlDescriptor = "LOCKSTEP_CONTROL_FD"

    /// The descriptor of a TCP socket that rank 0's store takes over; for rank 0 alone.
    ///
    /// It is bound to `MASTER_ADDR` and `MASTER_PORT` and does not listen yet, so that nobody else can take the port
    /// between its choice and its use.
    public static let storeDescriptor = "LOCKSTEP_STORE_FD"
}
