import Foundation

/// What the records of one group's ranks say together.
struct GroupReport {
    private let name: String
    private let worldSize: Int
    private let failure: String?
    /// Which rank the others waited for, as the first of them saw it.
    private let holdUp: String?
    /// By rank in the group; a rank that wrote nothing is as a neighbour saw it last.
    private let members: [Int: FlightRecord.Member]
    /// The ranks of which only neighbours tell.
    private let seen: Set<Int>
    /// Ranks that wrote something, but that a neighbour had seen before when they did not run, and how.
    private var sightings: [Int: String] = [:]

    init(_ name: String, _ records: [FlightRecord]) {
        let dated = records.sorted { $0.time < $1.time }.flatMap { record in
            record.groups.filter { $0.name == name }.map { (time: record.time, group: $0) }
        }
        let groups = dated.map(\.group)
        self.name = name
        worldSize = groups.map(\.worldSize).max() ?? 0
        failure = groups.lazy.compactMap(\.failure).first
        holdUp = groups.lazy.compactMap(\.holdUp).first
        var members: [Int: FlightRecord.Member] = [:]
        for member in groups.flatMap(\.neighbours) { members[member.rank] = member }
        let own = groups.map(\.own)
        for member in own { members[member.rank] = member }
        self.members = members
        seen = Set(members.keys).subtracting(own.map(\.rank))
        for (time, group) in dated {
            for neighbour in group.neighbours where neighbour.process != group.own.process {
                let wroteLater = dated.contains { $0.group.own.rank == neighbour.rank && $0.time >= time }
                if wroteLater { sightings[neighbour.rank] = neighbour.process }
            }
        }
    }

    func lines(last count: Int) -> [String] {
        var lines = ["\(name), \(worldSize) ranks:"]
        if let failure { lines += ["  failed first with: " + (failure.split(separator: "\n").first ?? "")] }
        lines += [firstDifference, firstIncomplete ?? holdUp].compactMap { $0 }.map { "  \($0)" }
        for member in ordered {
            let doing = member.activity.map { ", \($0)" } ?? ""
            let source = seen.contains(member.rank) ? " (as its neighbours saw it)" : ""
            let process = sightings[member.rank].map { "\($0), as its neighbours saw it, and then" } ?? ""
            lines.append(
                "  rank \(member.rank) was \(process)\(process.isEmpty ? "" : " ")\(member.process)\(doing)\(source)")
        }
        let missing = (0..<worldSize).filter { members[$0] == nil }
        if !missing.isEmpty { lines.append("  nothing is known of \(ranks(missing))") }
        return lines + [slowest].compactMap { $0 }.map { "  \($0)" } + table(last: count)
    }

    private var ordered: [FlightRecord.Member] { members.values.sorted { $0.rank < $1.rank } }

    private func collective(_ sequence: Int, of rank: Int) -> FlightRecord.Collective? {
        members[rank]?.collectives.first { $0.sequence == sequence }
    }

    private var sequences: [Int] { Set(members.values.flatMap { $0.collectives.map(\.sequence) }).sorted() }

    // MARK: What went wrong

    /// The first collective under whose number ranks entered different things.
    var firstDifference: String? {
        for sequence in sequences {
            var sides: [(text: String, ranks: [Int])] = []
            for member in ordered {
                guard let text = collective(sequence, of: member.rank).map(\.contents) else { continue }
                if let index = sides.firstIndex(where: { $0.text == text }) {
                    sides[index].ranks.append(member.rank)
                } else {
                    sides.append((text, [member.rank]))
                }
            }
            guard sides.count > 1 else { continue }
            return "#\(sequence) differs: "
                + sides.map { "\(ranks($0.ranks)) entered \($0.text)" }.joined(separator: "; ")
        }
        return nil
    }

    /// The first collective that some rank entered and not all completed.
    var firstIncomplete: String? {
        let first = sequences.first { sequence in
            ordered.contains { collective(sequence, of: $0.rank).map { $0.state != .completed } ?? false }
        }
        guard let first, let example = ordered.lazy.compactMap({ collective(first, of: $0.rank) }).first else {
            return nil
        }
        var waiting: [Int] = []
        var completed: [Int] = []
        var absent: [FlightRecord.Member] = []
        for member in ordered {
            // What is no longer recorded ended long ago.
            if member.lastEntered < first {
                absent.append(member)
            } else if collective(first, of: member.rank).map({ $0.state != .completed }) ?? false {
                waiting.append(member.rank)
            } else {
                completed.append(member.rank)
            }
        }
        var parts: [String] = []
        if !waiting.isEmpty { parts.append("entered, and not completed: \(ranks(waiting))") }
        if !completed.isEmpty { parts.append("completed: \(ranks(completed))") }
        parts += absent.map { member in
            let last = member.collectives.last { $0.state == .completed }
            return
                "rank \(member.rank) last completed \(last.map { "#\($0.sequence)" } ?? "none"), never entered #\(first)"
        }
        return "\(Self.summary(example)): \(parts.joined(separator: "; "))"
    }

    // MARK: Who was late

    /// The rank that most often entered last, where that cost the others noticeable time.
    var slowest: String? {
        var lateness: [Int: (count: Int, seconds: Double)] = [:]
        var compared = 0
        for sequence in sequences {
            let times = ordered.compactMap { member in
                collective(sequence, of: member.rank).map { (rank: member.rank, time: $0.entered) }
            }
            guard times.count == worldSize, times.count > 1, let first = times.map(\.time).min(),
                let last = times.max(by: { $0.time < $1.time })
            else { continue }
            compared += 1
            let (count, seconds) = lateness[last.rank] ?? (0, 0)
            lateness[last.rank] = (count + 1, seconds + last.time.timeIntervalSince(first))
        }
        guard let (rank, late) = lateness.max(by: { ($0.value.seconds, $1.key) < ($1.value.seconds, $0.key) }),
            late.count * 2 > compared
        else { return nil }
        let mean = String(format: "%.1f", late.seconds / Double(late.count) * 1000)
        return
            "rank \(rank) was the last to enter \(late.count) of \(compared) collectives, on average \(mean) ms after the "
            + "first"
    }

    // MARK: The last collectives

    /// The last collectives of each rank: when it entered them, and how long they took there.
    private func table(last count: Int) -> [String] {
        let shown = sequences.suffix(count)
        guard
            let start = shown.lazy.flatMap({ sequence in ordered.compactMap { collective(sequence, of: $0.rank) } })
                .map(\.entered).min()
        else { return [] }
        var rows = [["collective"] + ordered.map { "rank \($0.rank)" }]
        for sequence in shown {
            let example = ordered.lazy.compactMap { collective(sequence, of: $0.rank) }.first
            rows.append(
                [example.map(Self.summary) ?? ""] + ordered.map { Self.cell(collective(sequence, of: $0.rank), start) })
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "  " + cells.joined(separator: "   ").reversed().drop { $0 == " " }.reversed()
        }
        return ["  the last collectives (seconds after \(FlightRecordReport.time(start)), and how long they took):"]
            + lines
    }

    private static func cell(_ collective: FlightRecord.Collective?, _ start: Date) -> String {
        guard let collective else { return "–" }
        let entered = String(format: "%.3f", collective.entered.timeIntervalSince(start))
        let took = collective.left.map { String(format: " +%.1f ms", $0.timeIntervalSince(collective.entered) * 1000) }
        switch collective.state {
        case .entered: return "\(entered) waiting"
        case .completed: return entered + (took ?? "")
        case .failed: return "\(entered)\(took ?? "") failed"
        }
    }

    /// `all-reduce #7 (bucket 0, 25.6 MB float32)`.
    static func summary(_ collective: FlightRecord.Collective) -> String {
        var details: [String] = []
        if let bucket = collective.bucket { details.append("bucket \(bucket)") }
        if let bytes = collective.byteCount { details.append("\(size(bytes)) \(collective.dtype ?? "")") }
        return "\(collective.operation) #\(collective.sequence)"
            + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
    }

    private static func size(_ bytes: Int) -> String {
        let units = ["kB", "MB", "GB", "TB"]
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes) / 1000
        var unit = 0
        while value >= 999.95, unit + 1 < units.count { (value, unit) = (value / 1000, unit + 1) }
        return String(format: "%.1f", value) + " " + units[unit]
    }
}
