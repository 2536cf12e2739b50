import Launching
import TorchDistributed

extension TrainingProgram {
    /// Does what the command line says, and ends the process.
    ///
    /// Functions that were registered with `atexit` are not called, as in each of several ranks: LibTorch's threads may
    /// still use what others of these functions free. Call ``run()`` of a parsed program to go on after it.
    public static func main() async {
        await runToEnd { ProcessGroup.announceEnd(succeeded: $0) }
    }
}
