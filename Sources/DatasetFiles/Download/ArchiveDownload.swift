import Files
import Foundation

/// Fetches one pinned file from the first mirror that delivers it whole and unharmed.
///
/// The bytes go to `<name>.partial`, which outlives the process and is resumed by the next. The final name is given
/// only to a file whose checksum matched. The caller holds the lock of the folder.
struct ArchiveDownload: Sendable {
    let file: PinnedFile
    let folder: String
    let policy: DatasetLocation.DownloadPolicy
    let report: @Sendable (DatasetNotice) -> Void

    /// What one mirror's attempts came to.
    private enum MirrorResult {
        case verified
        case slow(String)
        case failed(String)
    }

    private var partial: String { folder + "/" + file.name + ".partial" }
    private var final: String { folder + "/" + file.name }

    /// Fetches the file and returns its path.
    ///
    /// - Parameter mirrors: tried in order; those that fail are moved to the end.
    /// - Throws: ``DatasetError`` with `downloadFailed`, which tells each mirror's failure.
    func run(_ mirrors: inout MirrorList) async throws -> String {
        if try await finishPartial() { return final }
        var failures: [String] = []
        var slowMirrors: [URL] = []
        let all = mirrors.urls
        for (index, mirror) in all.enumerated() {
            guard let url = URL(string: mirror + file.name), url.scheme == "http" || url.scheme == "https" else {
                failures.append("\(mirror)\(file.name): not a URL of the web")
                continue
            }
            report(.line("fetching \(url.absoluteString) (\(byteText(file.size)))"))
            let isLast = index == all.count - 1 && slowMirrors.isEmpty
            switch try await fetch(url, mayBeSlow: isLast) {
            case .verified:
                return final
            case .slow(let reason):
                slowMirrors.append(url)
                mirrors.demote(mirror)
                report(.line("\(url.absoluteString) is slow (\(reason)); trying another mirror"))
            case .failed(let reason):
                failures.append("\(url.absoluteString): \(reason)")
                mirrors.demote(mirror)
                report(.line("\(url.absoluteString) failed: \(reason)"))
            }
        }
        for url in slowMirrors {
            report(.line("fetching \(url.absoluteString), slow as it is"))
            switch try await fetch(url, mayBeSlow: true) {
            case .verified: return final
            case .failed(let reason), .slow(let reason): failures.append("\(url.absoluteString): \(reason)")
            }
        }
        throw DatasetError(
            .downloadFailed,
            "no mirror delivered \(file): " + (failures.isEmpty ? "there is none" : failures.joined(separator: "; ")))
    }

    /// Tries one mirror until it delivers, fails for good, or fails too often without a further byte.
    private func fetch(_ url: URL, mayBeSlow: Bool) async throws -> MirrorResult {
        var failures = 0
        var furthest = partialSize
        var hadWrongBytes = false
        while true {
            let start = partialSize
            let outcome = try await transfer(url, mayBeSlow)
            var pause = policy.retryDelay * (1 << min(failures, 5))
            let reason: String
            switch outcome {
            case .whole:
                if try await finishPartial() { return .verified }
                // Bytes kept from an earlier attempt may be the wrong ones: a second, fresh attempt tells.
                reason = "the bytes are not those expected (\(file.checksum))"
                if start == 0 || hadWrongBytes { return .failed(reason) }
                hadWrongBytes = true
                furthest = 0
                continue
            case .wrongRange:
                // The whole may still be had.
                unlink(partial)
                furthest = 0
                continue
            case .wrongAnswer(let text), .unreachable(let text):
                return .failed(text)
            case .slow(let text):
                return .slow(text)
            case .refused(let status):
                return .failed("HTTP status \(status)")
            case .busy(let status, let seconds):
                reason = "HTTP status \(status)"
                if let seconds { pause = max(pause, .seconds(min(seconds, 30))) }
            case .interrupted(let text):
                reason = text
            case .local(let error):
                throw error
            case .cancelled:
                throw CancellationError()
            }
            if partialSize > furthest {
                furthest = partialSize
                failures = 0
                pause = policy.retryDelay
            }
            failures += 1
            if failures >= policy.attempts { return .failed("\(reason), \(failures) times in a row") }
            report(.line("\(url.absoluteString): \(reason); trying again from \(byteText(partialSize))"))
            try await Task.sleep(for: pause)
        }
    }

    private func transfer(_ url: URL, _ mayBeSlow: Bool) async throws -> TransferOutcome {
        let output = try withFileErrors(as: DatasetError.init(_:)) {
            try FileDescriptor(opening: partial, O_RDWR | O_CREAT)
        }
        let transfer = Transfer(
            url: url, file: file, output: output, offset: partialSize, policy: policy, mayBeSlow: mayBeSlow,
            report: report)
        return await transfer.run()
    }

    /// Gives the partial file its final name if it is whole and right; removes it if it is whole and wrong.
    private func finishPartial() async throws -> Bool {
        guard let status = FileStatus(regularFile: partial) else { return false }
        guard status.size >= file.size else { return false }
        do {
            try await FileDigest.verify(partial, is: file)
        } catch is DatasetError {
            unlink(partial)
            return false
        }
        try withFileErrors(as: DatasetError.init(_:)) { try AtomicFile.publish(partial, as: final) }
        return true
    }

    private var partialSize: Int { FileStatus(regularFile: partial)?.size ?? 0 }
}
