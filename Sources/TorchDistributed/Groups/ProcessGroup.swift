import CTorch
import Foundation
import Synchronization
import Torch

/// Ranks that work together, and what they can do together (PyTorch's `ProcessGroup`).
///
/// ```swift
/// let group = try ProcessGroup(initMethod: "tcp://10.0.0.1:23456", rank: rank, worldSize: 2)
/// let sum = Tensor([Float(group.rank)])
/// try group.allReduce(sum).wait()
/// try group.close()
/// ```
/// Ranks of one machine exchange data through memory that they share, others over TCP with Gloo, unless a backend is named:
/// of several machines with several ranks each, the lowest rank of each exchanges sums with the others.
/// Gloo speaks PyTorch's own protocol: other ranks may be Python programs. A collective is started by the call, on the
/// caller's thread, and returns its ``Work``. All ranks must enter the same collectives in the same order; ranks of this
/// package compare what they enter, and a difference is an error on all of them that names both sides.
///
/// The first group makes the process ignore SIGPIPE, unless it has a handler, since Gloo would let it be killed when
/// another rank dies.
public final class ProcessGroup: Sendable {
    /// This process's number in the group, from 0.
    public let rank: Int
    /// How many ranks the group has.
    public let worldSize: Int
    /// What carries the data.
    public let backend: Backend
    /// How long a collective waits for other ranks, unless told otherwise.
    public let timeout: Duration
    /// The group's name in messages.
    public let name: String
    /// The group's part of the store that the ranks found each other through.
    public let store: Store

    nonisolated(unsafe) let handle: ct_group
    let recorder: FlightRecorder
    /// What the program asked for; nil for whatever suits all ranks.
    let requestedBackend: Backend?
    let localAddress: String?
    let portRange: ClosedRange<Int>?
    /// Where the other ranks connect to for data, such as `10.0.0.1:41233`; nil where the system does not tell, and with
    /// shared memory.
    package let dataEndpoint: String?
    let sharesPages: Bool
    let whereabouts: String
    private let state = Mutex(State())
    private let announcement = Mutex(())

    private struct State {
        var failure: DistributedError?
        // A rank that ends while this one is closing takes nothing with it.
        var isClosing = false
        var beatsWithoutTransport = 0
        var subgroups = 0
        var exchanges: [String: Int] = [:]
        var usageReports: [Int: UsageReport] = [:]
        var usageReportCount = 0
    }

    /// The time limit of a group that was given none: c10d's 30 minutes.
    public static let defaultTimeout = Duration.seconds(1800)

    /// Joins the group that an init method names, as PyTorch's `init_process_group`.
    ///
    /// - Parameters:
    ///   - backend: what carries the data; nil for shared memory between ranks of one machine and Gloo between machines, and
    ///     for Gloo alone beside ranks of PyTorch.
    ///   - initMethod: `tcp://host:port` where rank 0 serves the store (there `0.0.0.0` will do), `file:///path`, or
    ///     `env://` for the environment of torchrun: `RANK`, `WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT`.
    ///   - rank: this process's number; from the environment with `env://`.
    ///   - worldSize: how many ranks there are; from the environment with `env://`.
    ///   - timeout: how long to wait for other ranks in each collective.
    ///   - joinTimeout: how long to wait for them to come together; as `timeout` if nil.
    ///   - address: the local address for data; by default that of the interface that `GLOO_SOCKET_IFNAME` names (the
    ///     first that there is of several, separated by commas), or else the one that reaches the store, on its own
    ///     machine the one at which others have reached it.
    ///   - portRange: the ports for data, of which the first free one is taken; any by default.
    /// - Throws: ``DistributedError`` when the ranks cannot come together: who is missing, or which port cannot be
    ///   reached by whom.
    public convenience init(
        backend: Backend? = nil, initMethod: String = "env://", rank: Int? = nil, worldSize: Int? = nil,
        timeout: Duration = defaultTimeout, joinTimeout: Duration? = nil, address: String? = nil,
        portRange: ClosedRange<Int>? = nil
    ) throws {
        let method = try InitMethod(initMethod, rank: rank, worldSize: worldSize)
        try self.init(
            backend: backend, store: method.store(timeout: joinTimeout ?? timeout).prefixed("default_pg"),
            rank: method.rank, worldSize: method.worldSize, timeout: timeout, joinTimeout: joinTimeout,
            address: address, portRange: portRange)
    }

    /// Joins the group whose ranks use a store of their own for this.
    ///
    /// - Parameters:
    ///   - backend: what carries the data; nil for shared memory between ranks of one machine and Gloo between machines, and
    ///     for Gloo alone beside ranks of PyTorch.
    ///   - store: where the ranks find each other; no other group uses it.
    ///   - rank: this process's number, from 0.
    ///   - worldSize: how many ranks there are.
    ///   - timeout: how long to wait for other ranks in each collective.
    ///   - joinTimeout: how long to wait for them to come together; as `timeout` if nil.
    ///   - address: the local address for data; by default that of the interface that `GLOO_SOCKET_IFNAME` names, or
    ///     else the one that reaches a store over TCP, or the host name's.
    ///   - portRange: the ports for data, of which the first free one is taken; any by default.
    /// - Throws: ``DistributedError`` when the ranks cannot come together: who is missing, or which port cannot be
    ///   reached by whom.
    public convenience init(
        backend: Backend? = nil, store: Store, rank: Int, worldSize: Int, timeout: Duration = defaultTimeout,
        joinTimeout: Duration? = nil, address: String? = nil, portRange: ClosedRange<Int>? = nil
    ) throws {
        try self.init(
            backend, base: store, number: 0, name: "the default group", rank: rank, worldSize: worldSize,
            timeout: timeout, joinTimeout: joinTimeout, address: address, portRange: portRange, sharesPages: true)
    }

    /// Joins a group as if this rank ran on a machine of some name, for tests of several machines on one.
    package convenience init(
        backend: Backend?, store: Store, rank: Int, worldSize: Int, timeout: Duration, address: String?,
        onMachine machine: String
    ) throws {
        try self.init(
            backend, base: store, number: 0, name: "the default group", rank: rank, worldSize: worldSize,
            timeout: timeout, joinTimeout: nil, address: address, portRange: nil, sharesPages: true,
            whereabouts: "\(Whereabouts.ofThisProcess)/\(machine)")
    }

    /// Joins a group as if all other ranks were on other machines: records are exchanged through the store alone.
    package convenience init(
        withoutSharedPagesIn store: Store, rank: Int, worldSize: Int, timeout: Duration, address: String?
    ) throws {
        try self.init(
            .gloo, base: store, number: 0, name: "the default group", rank: rank, worldSize: worldSize,
            timeout: timeout, joinTimeout: nil, address: address, portRange: nil, sharesPages: false)
    }

    /// - Parameters:
    ///   - base: the store under which all groups of the job have a number.
    ///   - sharesPages: whether ranks of one machine read each other's records in memory.
    ///   - whereabouts: what tells the rank's machine from others.
    init(
        _ requested: Backend?, base: Store, number: Int, name: String, rank: Int, worldSize: Int, timeout: Duration,
        joinTimeout: Duration?, address: String?, portRange: ClosedRange<Int>?, sharesPages: Bool,
        whereabouts: String = Whereabouts.ofThisProcess
    ) throws {
        guard worldSize > 0, (0..<worldSize).contains(rank) else {
            throw DistributedError(
                .invalidArgument,
                "rank \(rank) of \(worldSize): ranks are counted from 0 and are fewer than the world size")
        }
        requestedBackend = requested
        self.rank = rank
        self.worldSize = worldSize
        self.timeout = timeout
        self.name = name
        self.portRange = portRange
        self.sharesPages = sharesPages
        self.whereabouts = whereabouts
        store = try base.prefixed("\(number)/")

        let joinTimeout = joinTimeout ?? timeout
        let deadline = ContinuousClock.now.advanced(by: joinTimeout)
        // Before anything is told: whoever hears of this rank notices when it ends.
        let place = requested == .gloo ? nil : try MemoryPlace(store: store, rank: rank)
        // A rank is connected with one that is here but has not come to accepting it yet, so each announces itself first.
        let page = try RecordPage()
        try FlightRecorder.announce(page, of: rank, in: store)
        let choice = try BackendAgreement(
            store: store, rank: rank, worldSize: worldSize, requested: requested, whereabouts: whereabouts,
            timeout: joinTimeout
        ).choose()
        backend = choice.backend
        let link = ObserverLink()
        switch backend {
        case .gloo, .hierarchical:
            localAddress = try address ?? DataAddress(base).chosen()
            let device = try DataDevice(address: localAddress, ports: portRange)
            dataEndpoint = device.endpoint.map { "\($0)" }
            let left = max(.seconds(1), ContinuousClock.now.duration(to: deadline))
            handle = try GroupJoining(
                store: store, rank: rank, worldSize: worldSize, device: device,
                machines: backend == .hierarchical ? choice.machines : nil, place: place,
                timeout: requested == .gloo || worldSize == 1 ? joinTimeout : left
            ).connect(link)
        case .shm:
            localAddress = address
            dataEndpoint = nil
            handle = try MemoryJoining(
                store: store, rank: rank, worldSize: worldSize, place: place, timeout: min(joinTimeout, .seconds(60))
            ).connect(link)
        }
        do {
            if !ct_group_set_timeout(handle, timeout.milliseconds) {
                throw DistributedError.last("setting the time limit")
            }
            recorder = try FlightRecorder(
                name: name, rank: rank, worldSize: worldSize, page: page, store: store, sharesPages: sharesPages)
        } catch {
            ct_group_release(handle)
            throw error
        }
        link.connect(self)
        Watchdog.watch(self)
    }

    deinit { ct_group_release(handle) }

    // MARK: Failure

    /// Why nothing can be done with this group any more; nil while all is well.
    public var failure: DistributedError? { state.withLock { $0.failure } }

    /// Ends everything in progress on this rank with an error, closes its connections, and tells the other ranks why.
    ///
    /// - Parameter reason: what all later calls throw.
    public func abort(_ reason: DistributedError) {
        // Whoever comes second waits until the first has told the ranks of this machine, and this process: it may be about to
        // end the process.
        let isFirst = announcement.withLock { _ in
            let isFirst = state.withLock { state in
                guard state.failure == nil else { return false }
                state.failure = reason
                return true
            }
            // Told before the connections end: whoever loses one finds the reason.
            if isFirst { recorder.tell(reason) }
            return isFirst
        }
        guard isFirst else { return }
        recorder.publish()
        ct_group_abort(handle, reason.message)
    }

    /// Waits a while for all ranks, so that none loses its connection to one that has ended.
    ///
    /// Call it when all work is done. It waits at most `timeout`; a rank that does not come has its own error to report,
    /// so that is none here.
    ///
    /// - Throws: ``DistributedError``: what had failed before, or a difference between the ranks that shows now.
    public func close(timeout: Duration = .seconds(10)) throws {
        if let failure { throw failure }
        state.withLock { $0.isClosing = true }
        // What all have told before the barrier, all can compare after it.
        recorder.publish()
        try? barrier(timeout: timeout).wait()
        inspect()
        if let failure { throw failure }
    }

    /// Looks at what all ranks have recorded, and ends the group where that shows a failure; the watchdog's beat.
    func inspect() {
        guard failure == nil else { return }
        if let error = recorder.inspect() ?? transportFailure() {
            let isExpected = error.isConsequence || error.code == .timedOut
            guard !isExpected || !state.withLock({ $0.isClosing }) else { return }
            abort(error)
        } else if recorder.takeQuestion() {
            for report in state.withLock({ Array($0.usageReports.values) }) { report.publish() }
        }
    }

    /// The error for a transport that has ended without an explanation from any rank, after a while.
    private func transportFailure() -> DistributedError? {
        guard let words = ct_group_transport_failure(handle) else { return nil }
        let beats = state.withLock { state in
            state.beatsWithoutTransport += 1
            return state.beatsWithoutTransport
        }
        guard beats > 8 else { return nil }
        return DistributedError(
            .collectivesDiffer,
            "\(name): another rank sent something else than rank \(rank) expects: \(String(cString: words))\n  All ranks "
                + "must enter the same collectives with tensors of the same shape and type. The other rank records nothing "
                + "that could be compared, so only this side is known.")
    }

    /// The error of a call that was refused or has failed, and its cause where another rank knows it; ends the group.
    func error(_ operation: String) -> DistributedError {
        error(operation, saying: TorchError.last(operation).message)
    }

    /// The error of a call that failed with `words`, and its cause where another rank knows it; ends the group.
    func error(_ operation: String, saying words: String) -> DistributedError {
        if let refusal = recorder.takeRefusal() { return refusal }
        if failure == nil { recorder.lookForCauses(inspect) { self.failure != nil } }
        return failure ?? DistributedError(operation, saying: words)
    }

    /// Ends the group with an error, and returns what the group has failed with.
    func failing(_ error: DistributedError) -> DistributedError {
        abort(error)
        return failure ?? error
    }

    // MARK: What is counted

    /// How many collectives this rank has entered, transfers between two ranks aside.
    package var collectiveCount: Int { recorder.count }

    /// Takes part when another rank asks which parameters got a gradient.
    ///
    /// - Returns: the report's number, the same on all ranks that make their models in the same order.
    func add(_ report: UsageReport) -> Int {
        state.withLock { state in
            state.usageReportCount += 1
            state.usageReports[state.usageReportCount] = report
            return state.usageReportCount
        }
    }

    func removeUsageReport(_ number: Int) {
        state.withLock { $0.usageReports[number] = nil }
    }

    /// The next subgroup's number.
    func countSubgroup() -> Int {
        state.withLock { state in
            state.subgroups += 1
            return state.subgroups
        }
    }

    /// How many exchanges of a subject there have been, with this one.
    func countExchange(of subject: String) -> Int {
        state.withLock { state in
            state.exchanges[subject, default: 0] += 1
            return state.exchanges[subject, default: 0]
        }
    }
}
