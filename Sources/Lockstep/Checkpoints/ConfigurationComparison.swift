/// What differs between the options of a run and those of the checkpoint that it goes on from.
struct ConfigurationComparison {
    /// Options that change neither the model nor the numbers of a training, or that say how far it goes.
    private static let free: Set<String> = [
        "epochs", "max-steps", "run-directory", "data-directory", "device", "threads", "backend", "collective-timeout",
        "share-gpu", "explain-step", "print-config", "checkpoint-every", "keep-checkpoints", "keep-best", "resume",
        "force", "on-checkpoint-failure", "find-unused-parameters", "on-anomaly", "gradient-norm-limit",
        "compare-ranks-every",
    ]

    /// One line for each option that differs.
    let differences: [String]

    /// Compares two configurations.
    ///
    /// - Parameters:
    ///   - saved: the checkpoint's, by name.
    ///   - current: this run's.
    ///   - launch: names of the options that say how processes are started.
    init(saved: [String: String], current: [String: String], launch: Set<String>) {
        let names = Set(saved.keys).union(current.keys).subtracting(Self.free).subtracting(launch)
        differences = names.sorted().compactMap { name in
            let (before, now) = (saved[name] ?? "not there", current[name] ?? "not there")
            return before == now ? nil : "\(name): \(before) in the checkpoint, \(now) now"
        }
    }
}
