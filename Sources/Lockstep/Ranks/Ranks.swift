import Foundation
import Launching
import RankProtocol
import Torch
import TorchDistributed

/// This process among those that train together, and what the accelerator does with them.
///
/// A single process is a world of one: what is exchanged between ranks is its own then.
final class Ranks: Sendable {
    let rank: Int
    let worldSize: Int
    let localRank: Int
    let localWorldSize: Int
    /// Nil in a world of one.
    let group: ProcessGroup?
    /// Whether a launcher has started these processes again after a failure.
    let isRestart: Bool

    /// Joins the ranks that the environment describes; a world of one where it describes none.
    ///
    /// - Parameters:
    ///   - environment: the variables that say which rank this process is.
    ///   - options: how ranks reach each other, and how long they wait.
    /// - Throws: an error of the environment, or `DistributedError` when the ranks cannot come together.
    init(environment: [String: String], options: TrainingOptions) throws {
        isRestart = environment[PyTorchVariable.restartCount].flatMap { Int($0) }.map { $0 > 0 } ?? false
        guard let own = try RankEnvironment(environment: environment) else {
            (rank, worldSize, localRank, localWorldSize, group) = (0, 1, 0, 1, nil)
            return
        }
        rank = own.rank
        worldSize = own.worldSize
        localRank = own.localRank
        localWorldSize = own.localWorldSize
        let timeout = Duration.seconds(options.collectiveTimeout)
        let backend = try options.chosenBackend
        let ports = try Self.ports(environment, options)
        // A launcher of ours has set it already; others' ranks do it by themselves.
        if let interface = options.launch.nodes.interface { setenv(PyTorchVariable.glooInterface, interface, 1) }
        // Ranks of a busy machine come later than a short time limit of collectives allows.
        let joinTimeout = max(timeout, .seconds(300))
        if own.worldSize == 1 {
            group = nil
        } else if own.hasTorchrunVariables {
            group = try ProcessGroup(
                backend: backend, initMethod: "env://", timeout: timeout, joinTimeout: joinTimeout, portRange: ports)
        } else {
            let host = own.masterAddress.contains(":") ? "[\(own.masterAddress)]" : own.masterAddress
            group = try ProcessGroup(
                backend: backend, initMethod: "tcp://\(host):\(own.masterPort)", rank: own.rank,
                worldSize: own.worldSize, timeout: timeout, joinTimeout: joinTimeout, portRange: ports)
        }
    }

    /// The ports for data: the launcher's, or the program's own option.
    private static func ports(_ environment: [String: String], _ options: TrainingOptions) throws -> ClosedRange<Int>? {
        guard let text = environment[LauncherVariable.portRange] else { return options.launch.nodes.portRange?.ports }
        return try PortRange(text).ports
    }

    var isMain: Bool { rank == 0 }

    /// `4 ranks`.
    var description: String { counted(worldSize, "rank") }

    // MARK: Out of band, through the store

    /// Throws on all ranks where they have different values of something that must be the same.
    func requireAgreement(on subject: String, _ value: String) throws {
        try group?.requireAgreement(on: subject, value)
    }

    /// Waits for all ranks in a collective, where one that does something else is noticed; at the store it is not.
    func meet() throws {
        try group?.barrier().wait()
    }

    /// Rank 0's text on all ranks.
    func ofMain(_ subject: String, _ text: @autoclosure () throws -> String) throws -> String {
        guard let group else { return try text() }
        return try group.exchange(subject, isMain ? text() : "")[0] ?? text()
    }

    /// Runs `body` on rank 0, where collectives are refused meanwhile; the others wait until it has ended.
    ///
    /// They wait at the store and not in a collective, so no collective's time limit holds.
    func onMain<Result>(_ place: String, _ body: () throws -> Result) throws -> Result? {
        guard let group else { return try body() }
        try meet()
        let result: Result?
        if isMain {
            do {
                result = try group.refusingCollectives(in: place, body)
            } catch {
                group.abort(DistributedError(.aborted, "rank 0, in \(place): \(error)"))
                throw error
            }
        } else {
            result = nil
        }
        _ = try group.exchange("main", "", timeout: .seconds(7 * 24 * 3600))
        return result
    }

    // MARK: Collectives

    /// Whether something is true of any rank.
    func isTrueOfAny(_ value: Bool) throws -> Bool {
        guard let group else { return value }
        let number = Tensor(copying: [value ? 1 : 0])
        try group.allReduceNow(number, .max)
        return number.item(as: Int.self) > 0
    }

    /// The sums over all ranks of numbers of which a rank may have none, as a float64 vector; nil where all have none.
    func sum(_ values: Tensor?) throws -> Tensor? {
        guard let group else { return values }
        let length = Tensor(values?.count ?? 0)
        try group.allReduce(length, .max).wait()
        let count: Int = length.item()
        guard count > 0 else { return nil }
        let sums = values?.to(.cpu).clone() ?? .zeros([count], dtype: .float64)
        return try group.allReduce(sums).wait()
    }

    /// All ranks' tensors, one after the other along the first dimension, which may differ in size.
    func gather(_ tensor: Tensor) throws -> Tensor {
        guard let group else { return tensor }
        let rows = tensor.dim == 0 ? tensor.reshape(1) : tensor
        let sizes = try group.allGather(Tensor(rows.size(0))).wait().map { $0.item(as: Int.self) }
        let largest = sizes.max() ?? 0
        let own = rows.detach().to(.cpu)
        let shape = [largest - own.size(0)] + own.shape.dropFirst()
        let padded = shape[0] == 0 ? own : Tensor.cat([own, .zeros(shape, dtype: own.dtype)], dim: 0)
        let parts = try group.allGather(padded).wait()
        return Tensor.cat(zip(parts, sizes).map { $0[..<$1] }, dim: 0).to(tensor.device)
    }

    /// Waits for the others, a while, so that none loses its connection to a rank that has ended.
    func close() throws {
        try group?.close()
    }
}
