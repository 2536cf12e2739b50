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
    private static let failureOffset = 64
    private static let failureCapacity = headerBytes - failureOffset
    // In a slot:
    private static let sequenceOffset = 0  // written last
    private static let collectiveOffset = 8
    private static let chainOffset = 120  // stands for this collective and all before it

    private let base: UnsafeMutableRawPointer
    private let descriptor: Int32
    private let chain = Atomic<UInt64>(0)

    /// Where another process finds the page: process, descriptor, and the page's random number, because descriptors
    /// are used again.
    let address: String
    private let owner: pid_t

    /// A new page of this process.
    init() throws {
        precondition(MemoryLayout<ct_collective>.size <= Self.chainOffset - Self.collectiveOffset)
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
                .failed, "no memory for the record of collectives: \(problem). Is the temporary folder full?")
        }
        base = memory
        number(Self.identityOffset).pointee.store(identity, ordering: .releasing)
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

    private static func unnamedFile() throws -> Int32 {
        for folder in ["/dev/shm", NSTemporaryDirectory()] {
            let path = "\(folder)/lockstep-\(UUID().uuidString)"
            let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if file >= 0 {
                unlink(path)
                return file
            }
        }
        throw DistributedError(
            .failed,
            "neither /dev/shm nor \(NSTemporaryDirectory()) can be written (\(String(cString: strerror(errno)))); the "
                + "record of collectives needs 40 KB in one of them. Set TMPDIR.")
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
        (base + slot + Self.collectiveOffset).storeBytes(of: collective, as: ct_collective.self)
        number(slot + Self.chainOffset).pointee.store(chain, ordering: .relaxed)
        // Every rank stores its own record before it reads the others': of two that enter at once, one at least sees
        // the other's.
        number(slot + Self.sequenceOffset).pointee.store(collective.sequence, ordering: .sequentiallyConsistent)
        number(Self.latestOffset).pointee.store(collective.sequence, ordering: .sequentiallyConsistent)
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

    /// Whether the process behind the page is gone.
    var ownerHasEnded: Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(owner)/stat", encoding: .utf8) else { return true }
        // The state follows the name, which stands in parentheses and may hold any character; Z is a process that has
        // ended and that nobody has asked about.
        return status.split(separator: ")").last?.split(separator: " ").first.map { $0 == "Z" || $0 == "X" } ?? true
    }

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
}
