extension ProcessGroup {
    /// What carries the data.
    public enum Backend: String, CaseIterable, Sendable {
        /// Over TCP, between CPUs.
        case gloo
        /// Through memory that the ranks of one machine share, between CPUs.
        case shm
        /// Through shared memory between the ranks of each machine, and with Gloo between the lowest ranks of the machines.
        case hierarchical = "shm+gloo"

        /// The backend of a name, as PyTorch's `init_process_group` and an option `--backend` take it.
        ///
        /// - Throws: ``DistributedError`` with `unavailableBackend` for a backend that is not there, with those that are.
        public init(named name: String) throws {
            let lowered = name.lowercased()
            guard let backend = Backend(rawValue: lowered) else {
                let available = Backend.allCases.map(\.rawValue).joined(separator: ", ")
                let reason =
                    switch lowered {
                    case "nccl": "it needs a CUDA build of LibTorch, and this program has none"
                    case "mpi", "ucc", "xccl", "hccl": "the LibTorch of this program has no such backend"
                    default: "there is no such backend"
                    }
                throw DistributedError(
                    .unavailableBackend, "backend \(name): \(reason). Available: \(available)")
            }
            self = backend
        }
    }
}
