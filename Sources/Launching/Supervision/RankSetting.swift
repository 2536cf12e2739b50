import HostNetwork
import RankProtocol

/// What the ranks of a machine are told of the job that they are part of.
struct RankSetting {
    let plan: NodePlan
    let node: Int
    /// Where the ranks of this machine reach the store.
    let master: IPAddress
    /// The address of this machine that other machines reach.
    let local: IPAddress

    /// Who a rank of this machine is.
    func place(ofLocalRank localRank: Int, _ launcher: Launcher) throws -> RankEnvironment {
        try RankEnvironment(
            rank: plan.firstRank + localRank, localRank: localRank, worldSize: plan.worldSize,
            localWorldSize: launcher.processCount, groupRank: node, masterAddress: master.description,
            masterPort: plan.masterPort)
    }

    /// The variables that all ranks of this machine have in common.
    ///
    /// - Throws: ``LaunchError`` where the user's environment says something else than the options.
    func variables(of launcher: Launcher) throws -> [String: String] {
        var variables = [
            PyTorchVariable.usesAgentStore: "True",
            PyTorchVariable.restartCount: "\(plan.generation)",
            PyTorchVariable.maxRestarts: "\(launcher.maxRestarts)",
            PyTorchVariable.runID: plan.job,
            PyTorchVariable.groupWorldSize: "\(plan.nodeCount)",
        ]
        variables[LauncherVariable.runFolder] = plan.runFolder
        variables[LauncherVariable.portRange] = launcher.portRange.map { "\($0.lowerBound)-\($0.upperBound)" }
        // Without it Gloo follows the host name, which often means this machine to itself alone.
        variables[PyTorchVariable.glooInterface] =
            launcher.interface ?? launcher.environment[PyTorchVariable.glooInterface]
            ?? NetworkInterface.owning(local)?.name
        return variables
    }
}
