public import Foundation

/// What one rank knew of the collectives of its groups when something had failed: its own, and those of the ranks of its
/// machine as it saw them.
public struct FlightRecord: Codable, Sendable, Hashable {
    /// How far a collective was on a rank.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Entered, and in progress.
        case entered
        case completed
        case failed
    }

    /// One collective on one rank.
    public struct Collective: Codable, Sendable, Hashable {
        /// 1, 2, … in the group.
        public var sequence: Int
        /// `all-reduce`, `broadcast`, ….
        public var operation: String
        /// Which bucket of gradients it was, counted from 0 in each backward pass.
        public var bucket: Int?
        /// The bytes of this rank's tensor.
        public var byteCount: Int?
        /// The type of its elements.
        public var dtype: String?
        /// All that has to be the same on all ranks: `all-reduce (sum) of float32 [512, 784]`.
        public var contents: String
        /// How far it was.
        public var state: State
        /// When the rank entered it.
        public var entered: Date
        /// When it ended, if it had.
        public var left: Date?

        /// Describes a collective.
        public init(
            sequence: Int, operation: String, bucket: Int? = nil, byteCount: Int? = nil, dtype: String? = nil,
            contents: String, state: State, entered: Date, left: Date? = nil
        ) {
            self.sequence = sequence
            self.operation = operation
            self.bucket = bucket
            self.byteCount = byteCount
            self.dtype = dtype
            self.contents = contents
            self.state = state
            self.entered = entered
            self.left = left
        }
    }

    /// One rank of a group: what it had entered, and what it was doing.
    public struct Member: Codable, Sendable, Hashable {
        /// Its number in the group.
        public var rank: Int
        /// Its process.
        public var pid: Int32
        /// What the system said of the process: `running`, `stopped (T)`, `killed by signal 9`, ….
        public var process: String
        /// What it was doing, by its own account, in words that follow `it was`.
        public var activity: String?
        /// Since when it was doing that.
        public var activitySince: Date?
        /// The last collective that it had entered; 0 for none.
        public var lastEntered: Int
        /// The last collectives that it had entered, in order.
        public var collectives: [Collective]

        /// Describes a rank.
        public init(
            rank: Int, pid: Int32, process: String, activity: String? = nil, activitySince: Date? = nil,
            lastEntered: Int, collectives: [Collective]
        ) {
            self.rank = rank
            self.pid = pid
            self.process = process
            self.activity = activity
            self.activitySince = activitySince
            self.lastEntered = lastEntered
            self.collectives = collectives
        }
    }

    /// One of the groups that the rank belonged to.
    public struct Group: Codable, Sendable, Hashable {
        /// `the default group`, `the group of ranks 0, 2`.
        public var name: String
        /// How many ranks it had.
        public var worldSize: Int
        /// Why it had failed, if it had.
        public var failure: String?
        /// Which rank the others waited for, as one line.
        public var holdUp: String?
        /// The rank that wrote this.
        public var own: Member
        /// The other ranks of its machine, as it saw them.
        public var neighbours: [Member]

        /// Describes a group.
        public init(
            name: String, worldSize: Int, failure: String? = nil, holdUp: String? = nil, own: Member,
            neighbours: [Member] = []
        ) {
            self.name = name
            self.worldSize = worldSize
            self.failure = failure
            self.holdUp = holdUp
            self.own = own
            self.neighbours = neighbours
        }
    }

    /// The rank that wrote this, in the job.
    public var rank: Int
    /// How many ranks the job had.
    public var worldSize: Int
    /// The rank's machine.
    public var host: String
    /// The rank's process.
    public var pid: Int32
    /// When it was written.
    public var time: Date
    /// Why it was written.
    public var reason: String
    /// The rank's groups, in the order in which they were made.
    public var groups: [Group]

    /// Describes a rank's groups.
    public init(
        rank: Int, worldSize: Int, host: String, pid: Int32, time: Date = Date(), reason: String, groups: [Group]
    ) {
        self.rank = rank
        self.worldSize = worldSize
        self.host = host
        self.pid = pid
        self.time = time
        self.reason = reason
        self.groups = groups
    }
}

extension FlightRecord {
    /// The folder of the records in a run's folder.
    public static let folderName = "flight-recorder"

    /// The name of a rank's record.
    public static func fileName(rank: Int) -> String { "rank-\(rank).json" }

    /// The rank whose record has a name; nil where it is no record's.
    public static func rank(ofFile name: String) -> Int? {
        guard name.hasPrefix("rank-"), name.hasSuffix(".json") else { return nil }
        return Int(name.dropFirst(5).dropLast(5)).flatMap { fileName(rank: $0) == name ? $0 : nil }
    }

    /// The record as it stands in a file.
    public func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .secondsSince1970
        return try encoder.encode(self)
    }

    /// Reads a record of a file.
    ///
    /// - Throws: `DecodingError` where it is none.
    public init(decoding data: Data) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        self = try decoder.decode(FlightRecord.self, from: data)
    }
}
