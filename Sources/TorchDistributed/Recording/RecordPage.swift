import CTorch
import Foundation
import Synchronization

/// The last collectives of one rank of one group, in memory that other processes of the machine can read.
///
/// The file behind it has no name; others open it through the owner's `/proc` folder, so nothing is left behind however
/// a rank ends. A record costs its rank a few stores to memory.
final class RecordPage: @unchecked Sendable {
    // Layout: a header, then slots; the slot of a collective is its number modulo their count.
    private static let headerBytes = 4096
    private static let slotBytes = 128
    static let slotCount = 256
    private static let byteCount = headerBytes + slotCount * slotBytes
    // In the header:
    private static let latestOffset = 0
    private static let failureStateOffset = 8  // 0: none, 1: the text is whole
    private static let questionOffset = 16  // counts up when this rank wants to know what others' parameters got
    private static let identityOffset = 24  // a random number, which the address repeats
    private static let endingOffset = 32
    private static let activityOffset = 64  // what the owner is doing, see below
    private static let failureOffset = 256
    private static let failureCapacity = headerBytes - failureOffset
    // What the owner is doing: how often that has changed, odd while it is being written; since when; the text.
    private static let activityTimeOffset = activityOffset + 8
    private static let activityTextOffset = activityOffset + 16
    static let activityCapacity = failureOffset - activityTextOffset
    // In a slot:
    private static let sequenceOffset = 0  // written last
    private static let collectiveOffset = 8
    private static let enteredOffset = 96
    private static let leftOffset = 104
    private static let stateOffset = 112
    private static let chainOffset = 120  // stands for this collective and all before it

    /// How far a collective is on the page's rank.
    enum State: UInt64, Sendable { case entered = 1, completed, failed }

    /// How the owner has ended, as far as it says so itself.
    enum Ending: UInt64, Sendable {
        /// It runs, or something ended it without asking.
        case none
        /// Its work was done.
        case finished
        /// An error ended its work.
        case failed
        /// Its program called `exit`.
        case exited
    }

    private let base: UnsafeMutableRawPointer
    private let descriptor: Int32
    private let chain = Atomic<UInt64>(0)

    /// Where another process finds the page: process, descriptor, and the page's random number, because descriptors
    /// are used again.
    let address: String
    let owner: pid_t

    /// A new page of this process.
    init() throws {
        precondition(MemoryLayout<ct_collective>.size <= Self.enteredOffset - Self.collectiveOffset)
        descriptor = try Self.unnamedFile()
        owner = getpid()
        let identity = UInt64.random(in: .min ... .max)
        address = "\(owner) \(descriptor) \(identity)"
        guard ftruncate(descriptor, off_t(Self.byteCount)) == 0,
            let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else {
            let problem = String(cString: strerror(errno))
            close(descriptor)
            throw DistributedError(
                .failed, "no memory for the record of collectives: \(problem)")
        }
        base = memory
        number(Self.identityOffset).pointee.store(identity, ordering: .releasing)
        PagesOfThisProcess.add(self)
    }

    /// The page of another process of this machine; nil where it cannot be read.
    init?(at address: String) {
        let parts = address.split(separator: " ")
        guard parts.count == 3, let owner = pid_t(parts[0]), let number = Int32(parts[1]),
            let identity = UInt64(parts[2])
        else { return nil }
        let file = open("/proc/\(owner)/fd/\(number)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size == Self.byteCount,
            let memory = mmap(nil, Self.byteCount, PROT_READ, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { return nil }
        self.address = address
        self.owner = owner
        descriptor = -1
        base = memory
        guard self.number(Self.identityOffset).pointee.load(ordering: .acquiring) == identity else { return nil }
    }

    deinit {
        munmap(base, Self.byteCount)
        if descriptor >= 0 { close(descriptor) }
    }

    /// A file in memory, of no file system that could be full.
    private static func unnamedFile() throws -> Int32 {
        let file = ct_memory_file("lockstep-records")
        guard file >= 0 else {
            throw DistributedError(
                .failed, "no file in memory for the record of collectives: \(String(cString: strerror(errno)))")
        }
        return file
    }

    private func number(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private func slot(_ sequence: UInt64) -> Int {
        Self.headerBytes + Int(sequence % UInt64(Self.slotCount)) * Self.slotBytes
    }

    // MARK: Writing, by the owner

    /// Records that a collective is entered.
    ///
    /// - Parameter checksum: that of its record.
    func enter(_ collective: ct_collective, checksum: UInt64) {
        let slot = slot(collective.sequence)
        // A sum, so that two threads that enter at once confuse no more than their own two links.
        let (_, chain) = chain.wrappingAdd(checksum, ordering: .sequentiallyConsistent)
        number(slot + Self.sequenceOffset).pointee.store(0, ordering: .sequentiallyConsistent)
        number(slot + Self.stateOffset).pointee.store(State.entered.rawValue, ordering: .relaxed)
        number(slot + Self.enteredOffset).pointee.store(Self.now, ordering: .relaxed)
        number(slot + Self.leftOffset).pointee.store(0, ordering: .relaxed)
        (base + slot + Self.collectiveOffset).storeBytes(of: collective, as: ct_collective.self)
        number(slot + Self.chainOffset).pointee.store(chain, ordering: .relaxed)
        // Every rank stores its own record before it reads the others': of two that enter at once, one at least sees
        // the other's.
        number(slot + Self.sequenceOffset).pointee.store(collective.sequence, ordering: .sequentiallyConsistent)
        number(Self.latestOffset).pointee.store(collective.sequence, ordering: .sequentiallyConsistent)
    }

    /// Records that a collective has ended.
    func leave(_ sequence: UInt64, _ state: State) {
        let slot = slot(sequence)
        guard number(slot + Self.sequenceOffset).pointee.load(ordering: .acquiring) == sequence else { return }
        number(slot + Self.leftOffset).pointee.store(Self.now, ordering: .relaxed)
        number(slot + Self.stateOffset).pointee.store(state.rawValue, ordering: .releasing)
    }

    /// Tells the others what this rank does from now on; called on one thread at a time.
    func note(_ text: UnsafeRawBufferPointer) {
        let version = number(Self.activityOffset)
        let count = min(text.count, Self.activityCapacity - 1)
        version.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
        number(Self.activityTimeOffset).pointee.store(Self.now, ordering: .relaxed)
        for offset in stride(from: 0, through: count, by: 8) {
            var word: UInt64 = 0
            withUnsafeMutableBytes(of: &word) { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: text[offset..<min(offset + 8, count)]))
            }
            number(Self.activityTextOffset + offset).pointee.store(word, ordering: .relaxed)
        }
        version.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
    }

    /// Tells the others how this rank has ended, for when its process is gone; only the first time counts.
    func end(_ ending: Ending) {
        _ = number(Self.endingOffset).pointee.compareExchange(
            expected: Ending.none.rawValue, desired: ending.rawValue, ordering: .acquiringAndReleasing)
    }

    /// Tells the others why this rank's group has failed; only the first reason is kept.
    func fail(_ reason: String) {
        guard number(Self.failureStateOffset).pointee.load(ordering: .acquiring) == 0 else { return }
        let bytes = Array(reason.utf8.prefix(Self.failureCapacity - 1)) + [0]
        (base + Self.failureOffset).copyMemory(from: bytes, byteCount: bytes.count)
        number(Self.failureStateOffset).pointee.store(1, ordering: .sequentiallyConsistent)
    }

    /// Asks the other ranks to tell which parameters got a gradient.
    func ask() {
        number(Self.questionOffset).pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    // MARK: Reading

    /// The number of the last collective that was entered.
    var latest: UInt64 { number(Self.latestOffset).pointee.load(ordering: .sequentiallyConsistent) }

    /// What the owner is doing, and since when; nil before it has said so.
    var activity: (text: String, since: Date)? {
        let version = number(Self.activityOffset)
        for _ in 0..<100 {
            let before = version.pointee.load(ordering: .sequentiallyConsistent)
            guard before > 0 else { return nil }
            let time = number(Self.activityTimeOffset).pointee.load(ordering: .relaxed)
            var bytes: [UInt8] = []
            for offset in stride(from: 0, to: Self.activityCapacity, by: 8) {
                let word = number(Self.activityTextOffset + offset).pointee.load(ordering: .relaxed)
                withUnsafeBytes(of: word) { bytes.append(contentsOf: $0.prefix { $0 != 0 }) }
                if bytes.count < offset + 8 { break }
            }
            atomicMemoryFence(ordering: .acquiring)
            guard before % 2 == 0, version.pointee.load(ordering: .sequentiallyConsistent) == before else { continue }
            return (String(decoding: bytes, as: UTF8.self), Self.date(time))
        }
        return nil
    }

    /// How the owner has ended, as far as it says so itself.
    var ending: Ending { Ending(rawValue: number(Self.endingOffset).pointee.load(ordering: .acquiring)) ?? .none }

    /// How often the owner has asked.
    var questions: UInt64 { number(Self.questionOffset).pointee.load(ordering: .acquiring) }

    /// Why the owner's group has failed.
    var failure: String? {
        guard number(Self.failureStateOffset).pointee.load(ordering: .acquiring) == 1 else { return nil }
        return String(cString: (base + Self.failureOffset).assumingMemoryBound(to: CChar.self))
    }

    /// The record of a collective; nil before it is entered and once it has been overwritten.
    func record(_ sequence: UInt64) -> CollectiveRecord? {
        let slot = slot(sequence)
        let written = number(slot + Self.sequenceOffset)
        guard sequence > 0, written.pointee.load(ordering: .sequentiallyConsistent) == sequence else { return nil }
        let collective = (base + slot + Self.collectiveOffset).loadUnaligned(as: ct_collective.self)
        guard written.pointee.load(ordering: .sequentiallyConsistent) == sequence else { return nil }
        return CollectiveRecord(collective)
    }

    /// What stands for all collectives up to one of those that are recorded; nil as for `record`.
    func chain(_ sequence: UInt64) -> UInt64? {
        let slot = slot(sequence)
        let written = number(slot + Self.sequenceOffset)
        guard sequence > 0, written.pointee.load(ordering: .sequentiallyConsistent) == sequence else { return nil }
        let chain = number(slot + Self.chainOffset).pointee.load(ordering: .relaxed)
        return written.pointee.load(ordering: .sequentiallyConsistent) == sequence ? chain : nil
    }

    /// How far a collective is; nil before it is entered and once it has been overwritten.
    func progress(_ sequence: UInt64) -> (state: State, entered: Date, left: Date?)? {
        let slot = slot(sequence)
        let written = number(slot + Self.sequenceOffset)
        guard sequence > 0, written.pointee.load(ordering: .sequentiallyConsistent) == sequence else { return nil }
        let state = State(rawValue: number(slot + Self.stateOffset).pointee.load(ordering: .acquiring))
        let entered = number(slot + Self.enteredOffset).pointee.load(ordering: .relaxed)
        let left = number(slot + Self.leftOffset).pointee.load(ordering: .relaxed)
        guard let state, written.pointee.load(ordering: .sequentiallyConsistent) == sequence else { return nil }
        return (state, Self.date(entered), left > 0 ? Self.date(left) : nil)
    }

    /// The numbers of the collectives that may still be recorded, in order.
    var recorded: Range<UInt64> {
        let latest = latest
        return (latest >= UInt64(Self.slotCount) ? latest - UInt64(Self.slotCount) + 1 : 1)..<(latest + 1)
    }

    /// The first recorded collective that has been entered and has not ended.
    var oldestPending: UInt64? { recorded.first { progress($0)?.state == .entered } }

    /// The last recorded collective that was completed.
    var lastCompleted: UInt64? { recorded.last { progress($0)?.state == .completed } }

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func date(_ nanoseconds: UInt64) -> Date {
        Date(timeIntervalSince1970: Double(nanoseconds) / 1e9)
    }
}

/// The pages that this process writes, to be marked when its program calls `exit`.
enum PagesOfThisProcess {
    private struct Reference { weak var page: RecordPage? }
    private static let references = Mutex<[Reference]>([])
    private static let marksAtExit: Void = {
        atexit { PagesOfThisProcess.end(.exited) }
    }()

    static func add(_ page: RecordPage) {
        _ = marksAtExit
        references.withLock { references in
            references.removeAll { $0.page == nil }
            references.append(Reference(page: page))
        }
    }

    /// Tells the other ranks of all groups how this process ends.
    static func end(_ ending: RecordPage.Ending) {
        for reference in references.withLock({ $0 }) { reference.page?.end(ending) }
    }
}
