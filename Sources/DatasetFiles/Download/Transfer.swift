import Files
import Foundation
import FoundationNetworking
import Synchronization

/// How one request ended.
enum TransferOutcome: Sendable {
    /// All bytes arrived; whether they are the right ones is still open.
    case whole
    /// The server sent something that cannot be the file.
    case wrongAnswer(String)
    /// The server cannot go on where the bytes on disk end.
    case wrongRange
    /// The server will not send the file: 403, 404 and the like.
    case refused(Int)
    /// The server cannot send it now, and perhaps says for how many seconds: 429, 503 and the like.
    case busy(Int, seconds: Int?)
    /// Nobody answered.
    case unreachable(String)
    /// The connection ended or fell silent before the last byte.
    case interrupted(String)
    /// The bytes come more slowly than the caller wants.
    case slow(String)
    /// The disk failed, not the net.
    case local(DatasetError)
    /// The task was cancelled.
    case cancelled
}

/// One HTTP request for a file, or for the rest of it, written to disk as it arrives.
final class Transfer: NSObject, URLSessionDataDelegate, Sendable {
    private struct State {
        var received: Int
        var answered = false
        var slowCheck: (time: ContinuousClock.Instant, received: Int)?
        var lastActivity = ContinuousClock.now
        var lastReport: ContinuousClock.Instant?
        var continuation: CheckedContinuation<TransferOutcome, Never>?
        var outcome: TransferOutcome?
    }

    private let url: URL
    private let file: PinnedFile
    private let output: FileDescriptor
    private let offset: Int
    private let policy: DatasetLocation.DownloadPolicy
    private let mayBeSlow: Bool
    private let report: @Sendable (DatasetNotice) -> Void
    private let state: Mutex<State>

    /// Prepares a request.
    ///
    /// - Parameters:
    ///   - offset: the bytes already in `output`; the request asks for those after.
    ///   - mayBeSlow: whether any speed will do.
    init(
        url: URL, file: PinnedFile, output: FileDescriptor, offset: Int,
        policy: DatasetLocation.DownloadPolicy, mayBeSlow: Bool,
        report: @escaping @Sendable (DatasetNotice) -> Void
    ) {
        self.url = url
        self.file = file
        self.output = output
        self.offset = offset
        self.policy = policy
        self.mayBeSlow = mayBeSlow
        self.report = report
        state = Mutex(State(received: offset))
    }

    /// Sends the request and waits for its end.
    func run() async -> TransferOutcome {
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData)
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }
        let configuration = URLSessionConfiguration.ephemeral
        // Silence is watched below, on a clock that starts again with each byte.
        configuration.timeoutIntervalForRequest = max(3600, policy.stallLimit / .seconds(1) * 10)
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
        let task = session.dataTask(with: request)
        let watch = Task { await self.watch() }
        defer {
            watch.cancel()
            session.invalidateAndCancel()
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ended = state.withLock { state in
                    state.lastActivity = .now
                    if state.outcome == nil { state.continuation = continuation }
                    return state.outcome
                }
                if let ended { continuation.resume(returning: ended) } else { task.resume() }
            }
        } onCancel: {
            finish(.cancelled)
        }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        if let outcome = judge(response) {
            finish(outcome)
            completionHandler(.cancel)
        } else {
            completionHandler(.allow)
        }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let (outcome, progress) = state.withLock { state -> (TransferOutcome?, DownloadProgress?) in
            guard state.outcome == nil else { return (nil, nil) }
            let now = ContinuousClock.now
            state.lastActivity = now
            guard state.received + data.count <= file.size else {
                return (.wrongAnswer("it sends more than the \(file.size) bytes expected"), nil)
            }
            if let error = write(data, at: state.received) { return (.local(error), nil) }
            state.received += data.count
            let isDue = state.lastReport.map { now - $0 >= .milliseconds(100) } ?? true
            guard isDue || state.received == file.size else { return (nil, nil) }
            state.lastReport = now
            return (nil, DownloadProgress(file: file.name, received: state.received, total: file.size))
        }
        if let progress { report(.progress(progress)) }
        if let outcome { finish(outcome) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let (received, answered) = state.withLock { ($0.received, $0.answered) }
        if received == file.size, answered {
            finish(.whole)
        } else if let error, !answered {
            finish(Self.outcome(of: error))
        } else {
            finish(.interrupted("the connection ended after \(received) of \(file.size) bytes"))
        }
    }

    /// What the header tells: nil to go on, or the end.
    private func judge(_ response: URLResponse) -> TransferOutcome? {
        guard let response = response as? HTTPURLResponse else { return .wrongAnswer("the answer is not HTTP") }
        let length = response.value(forHTTPHeaderField: "Content-Length").flatMap(Int.init)
        let type = response.value(forHTTPHeaderField: "Content-Type")?.lowercased() ?? ""
        switch response.statusCode {
        case 200, 206:
            if type.hasPrefix("text/html") {
                let page = response.url?.absoluteString ?? ""
                return .wrongAnswer("a web page came in place of the file (HTML from \(page))")
            }
            let start = response.statusCode == 206 ? rangeStart(response) : 0
            guard let start, start == offset || response.statusCode == 200 else {
                return .wrongRange
            }
            if let length, length != file.size - start {
                return .wrongAnswer("it has \(start + length) bytes in place of \(file.size)")
            }
            return begin(at: start)
        case 408, 425, 429, 500, 502, 503, 504:
            let seconds = response.value(forHTTPHeaderField: "Retry-After").flatMap(Int.init)
            return .busy(response.statusCode, seconds: seconds)
        case 416:
            return offset > 0 ? .wrongRange : .refused(416)
        default:
            return .refused(response.statusCode)
        }
    }

    /// The first byte of a partial answer, as `Content-Range: bytes 100-199/200` tells it.
    private func rangeStart(_ response: HTTPURLResponse) -> Int? {
        guard let range = response.value(forHTTPHeaderField: "Content-Range"), range.hasPrefix("bytes ") else {
            return nil
        }
        return Int(range.dropFirst(6).prefix { $0.isNumber })
    }

    /// Starts the file over where the server sends it from its first byte.
    private func begin(at start: Int) -> TransferOutcome? {
        state.withLock { state in
            guard state.outcome == nil else { return nil }
            state.answered = true
            state.lastActivity = .now
            state.received = start
            state.slowCheck = mayBeSlow ? nil : (.now + policy.slowPeriod, start)
            guard start == 0, offset > 0, ftruncate(output.number, 0) != 0 else { return nil }
            return .local(DatasetError(SystemFailure(errno).error(file.name, cannotBe: "written")))
        }
    }

    private func write(_ data: Data, at position: Int) -> DatasetError? {
        data.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = pwrite(
                    output.number, bytes.baseAddress?.advanced(by: done), bytes.count - done, position + done)
                if count >= 0 {
                    done += count
                } else if errno != EINTR {
                    return DatasetError(SystemFailure(errno).error(file.name + ".partial", cannotBe: "written"))
                }
            }
            return nil
        }
    }

    /// Ends the transfer when it falls silent, or is too slow.
    private func watch() async {
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let (outcome, next) = state.withLock { check(&$0, now) }
            if let outcome { return finish(outcome) }
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(until: next, clock: .continuous)
        }
    }

    /// The outcome of silence or slowness, and otherwise the time of the next look.
    private func check(
        _ state: inout State, _ now: ContinuousClock.Instant
    ) -> (TransferOutcome?, ContinuousClock.Instant) {
        let silence = state.lastActivity + policy.stallLimit
        if now >= silence {
            return state.answered
                ? (.interrupted("no byte for \(policy.stallLimit) after \(state.received) of \(file.size) bytes"), now)
                : (.unreachable("no answer within \(policy.stallLimit)"), now)
        }
        // Until the answer comes, a look now and then tells whether the speed can be measured yet.
        guard let check = state.slowCheck else {
            return (nil, mayBeSlow || state.answered ? silence : min(silence, now + policy.slowPeriod))
        }
        if now >= check.time {
            let speed = Double(state.received - check.received) / (policy.slowPeriod / .seconds(1))
            if speed < Double(policy.slowSpeed), Double(file.size - state.received) > speed * 60 {
                return (.slow("only \(byteText(Int(speed)))/s"), now)
            }
            state.slowCheck = (now + policy.slowPeriod, state.received)
        }
        return (nil, min(silence, state.slowCheck?.time ?? silence))
    }

    /// Ends the transfer; only the first end counts, and no byte is written after it.
    private func finish(_ outcome: TransferOutcome) {
        let continuation = state.withLock { state -> CheckedContinuation<TransferOutcome, Never>? in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: outcome)
    }

    /// What an error before any answer means: names that do not resolve and ports that refuse are not tried again.
    private static func outcome(of error: any Error) -> TransferOutcome {
        guard let error = error as? URLError else { return .interrupted("\(error)") }
        switch error.code {
        case .cannotFindHost, .dnsLookupFailed: return .unreachable("the host is not found (is this machine offline?)")
        case .cannotConnectToHost: return .unreachable("the host refuses the connection")
        case .notConnectedToInternet: return .unreachable("this machine is offline")
        case .unsupportedURL, .badURL, .httpTooManyRedirects, .secureConnectionFailed, .serverCertificateUntrusted,
            .serverCertificateHasBadDate, .serverCertificateNotYetValid, .serverCertificateHasUnknownRoot:
            return .unreachable(error.localizedDescription)
        default: return .interrupted("\(error.localizedDescription) (code \(error.code.rawValue))")
        }
    }
}
