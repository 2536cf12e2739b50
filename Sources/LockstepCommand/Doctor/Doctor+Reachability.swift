import ArgumentParser
import Launching

extension Doctor {
    /// Lets the machines of a job meet, and shows whether each reaches every other.
    ///
    /// - Throws: `ExitCode` 1 where one does not, and `LaunchError` where they do not meet.
    func checkReachability(at place: NodePlace) throws {
        let check = ReachabilityCheck(at: place, interface: nodes.interface, portRange: nodes.portRange?.ports)
        guard let finding = try check.run() else { throw ExitCode(130) }
        for line in finding.lines { print(line) }
        if !finding.isComplete { throw ExitCode(1) }
    }
}
