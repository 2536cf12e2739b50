/// The directory of a ZIP archive that somebody else wrote, wholly checked.
///
/// Accepted are archives with and without ZIP64, with and without descriptors behind the data:
/// - nothing follows the directory's end, and the directory reaches up to it;
/// - no name occurs twice, and the header in front of a file's data has the same name;
/// - the files lie in front of the directory and do not overlap.
struct ZipDirectory {
    /// The files, in the order of the directory.
    private(set) var entries: [ZipEntry] = []

    private let bytes: UnsafeRawBufferPointer
    private let file: String

    /// Reads and checks a directory.
    ///
    /// - Parameters:
    ///   - bytes: the whole archive.
    ///   - file: its name, for messages.
    /// - Throws: ``PyTorchFileError`` for the first thing that is wrong.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        self.bytes = bytes
        self.file = file
        let place = try ZipDirectoryPlace(bytes, file: file)
        entries.reserveCapacity(place.count)
        var names: Set<String> = []
        var position = place.range.lowerBound
        for _ in 0..<place.count {
            let (entry, end) = try entry(at: position, directory: place.range)
            guard names.insert(entry.name).inserted else {
                throw damaged("has two files of the name \(entry.name.quotedForMessage).")
            }
            entries.append(entry)
            position = end
        }
        guard position == place.range.upperBound else {
            throw damaged("has a directory that does not end with its last entry.")
        }
        try checkOverlap()
    }

    // MARK: Entries

    /// Reads the entry at a position, and says where it ends.
    private func entry(at position: Int, directory: Range<Int>) throws -> (ZipEntry, end: Int) {
        guard position <= directory.upperBound - 46, bytes.number(UInt32.self, at: position) == 0x0201_4B50,
            let flags = bytes.number(UInt16.self, at: position + 8),
            let method = bytes.number(UInt16.self, at: position + 10),
            let checksum = bytes.number(UInt32.self, at: position + 16),
            let stored = bytes.number(UInt32.self, at: position + 20),
            let size = bytes.number(UInt32.self, at: position + 24),
            let nameLength = bytes.number(UInt16.self, at: position + 28),
            let extraLength = bytes.number(UInt16.self, at: position + 30),
            let commentLength = bytes.number(UInt16.self, at: position + 32),
            let header = bytes.number(UInt32.self, at: position + 42)
        else { throw damaged("has no entry at byte \(position), where its directory should have one.") }
        let extraStart = position + 46 + Int(nameLength)
        let end = extraStart + Int(extraLength) + Int(commentLength)
        guard end <= directory.upperBound else {
            throw damaged("has an entry at byte \(position) that ends behind the directory.")
        }
        let nameBytes = bytes[position + 46..<extraStart]
        let name = String(decoding: nameBytes, as: UTF8.self)
        guard flags & 1 == 0 else { throw PyTorchFileError(.unsupportedArchive, encryption(name)) }
        var sizes = ZipSizes(stored: stored, size: size, header: header)
        guard sizes.widen(bytes[extraStart..<extraStart + Int(extraLength)]), let sizes = sizes.whole,
            method != 0 || sizes.stored == sizes.size
        else { throw damaged("has an entry \(name.quotedForMessage) whose sizes contradict each other.") }
        guard bytes.number(UInt16.self, at: sizes.header + 8) == method else { throw noHeader(name, at: sizes.header) }
        let data = try data(of: name, nameBytes, header: sizes.header, size: sizes.stored, limit: directory.lowerBound)
        return (ZipEntry(name: name, header: sizes.header, data: data, checksum: checksum, method: method), end)
    }

    /// Where the data are, by the header in front of them.
    private func data(
        of name: String, _ nameBytes: Slice<UnsafeRawBufferPointer>, header: Int, size: Int, limit: Int
    ) throws -> Range<Int> {
        guard header <= limit - 30, bytes.number(UInt32.self, at: header) == 0x0403_4B50,
            let nameLength = bytes.number(UInt16.self, at: header + 26),
            let extraLength = bytes.number(UInt16.self, at: header + 28),
            header + 30 + Int(nameLength) <= limit,
            bytes[header + 30..<header + 30 + Int(nameLength)].elementsEqual(nameBytes)
        else { throw noHeader(name, at: header) }
        let start = header + 30 + Int(nameLength) + Int(extraLength)
        guard start <= limit, size <= limit - start else {
            throw damaged("has too few bytes for \(name.quotedForMessage), which should have \(size).")
        }
        return start..<start + size
    }

    private func checkOverlap() throws {
        let ordered = entries.sorted { $0.header < $1.header }
        for (entry, next) in zip(ordered, ordered.dropFirst()) where entry.data.upperBound > next.header {
            throw damaged(
                "has files that overlap, \(entry.name.quotedForMessage) and \(next.name.quotedForMessage).")
        }
    }

    // MARK: Failures

    private func encryption(_ name: String) -> String {
        "\(file): \(name.quotedForMessage) in the archive is encrypted; PyTorch writes no such files. "
            + "Unpack it, and save the weights again with `torch.save`."
    }

    private func noHeader(
        _ name: String, at place: Int, fileID: StaticString = #fileID, line: UInt = #line
    ) -> PyTorchFileError {
        damaged("has no header for \(name.quotedForMessage) at byte \(place).", fileID: fileID, line: line)
    }

    private func damaged(
        _ predicate: String, fileID: StaticString = #fileID, line: UInt = #line
    ) -> PyTorchFileError {
        PyTorchFileError(
            .damagedArchive, "\(file) \(predicate) The archive is damaged; fetch or write it again.",
            fileID: fileID, line: line)
    }
}

/// The numbers of an entry that may stand in a ZIP64 field instead.
private struct ZipSizes {
    private var values: [UInt64]
    private let narrow: [UInt32]

    init(stored: UInt32, size: UInt32, header: UInt32) {
        // The order of the ZIP64 field.
        narrow = [size, stored, header]
        values = narrow.map(UInt64.init)
    }

    /// Reads the ZIP64 field among the extra fields, where a number refers to it; false where it is not there.
    mutating func widen(_ extra: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard narrow.contains(.max) else { return true }
        let extra = UnsafeRawBufferPointer(rebasing: extra)
        var position = 0
        while let kind = extra.number(UInt16.self, at: position),
            let length = extra.number(UInt16.self, at: position + 2)
        {
            position += 4
            if kind == 1 {
                let end = position + Int(length)
                for index in narrow.indices where narrow[index] == .max {
                    guard position + 8 <= end, let value = extra.number(UInt64.self, at: position) else { return false }
                    values[index] = value
                    position += 8
                }
                return true
            }
            position += Int(length)
        }
        return false
    }

    /// The numbers, or nil where one is too large for any file.
    var whole: (size: Int, stored: Int, header: Int)? {
        guard let size = Int(exactly: values[0]), let stored = Int(exactly: values[1]),
            let header = Int(exactly: values[2])
        else { return nil }
        return (size, stored, header)
    }
}
