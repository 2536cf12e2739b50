import Foundation
import RankProtocol
import Synchronization
import Testing

@testable import Launching

@Suite("A rank's control channel")
struct ControlChannelTests {
    /// What a channel's handlers heard.
    private final class Heard: Sendable {
        private let all = Mutex<[String]>([])
        private let tell: @Sendable (String) -> Void
        var words: [String] { all.withLock { $0 } }
        init(tell: @escaping @Sendable (String) -> Void = { _ in }) { self.tell = tell }
        func add(_ word: String) {
            all.withLock { $0.append(word) }
            tell(word)
        }
    }

    private struct Held {
        weak var object: Heard?
    }

    private func channel(_ heard: Heard) throws -> (ControlChannel, launcher: Descriptor) {
        let (launcher, rank) = try Descriptor.socketPair()
        // The channel closes the descriptor that it is told.
        let own = dup(rank.number)
        let channel = try ControlChannel(
            rank: 1, environment: ["LOCKSTEP_CONTROL_FD": "\(own)"], onStop: { heard.add($0) },
            onLauncherGone: { heard.add("gone") })
        #expect(fcntl(own, F_GETFD) & FD_CLOEXEC != 0)
        return (try #require(channel), launcher)
    }

    @Test("is absent where no launcher of ours has started the process")
    func absent() throws {
        #expect(try ControlChannel(rank: 0, environment: [:], onStop: { _ in }) == nil)
    }

    @Test("refuses what is no open socket", arguments: ["", "x", "-1", "1", "1000000", "/dev/null"])
    func refused(_ value: String) throws {
        let file = value == "/dev/null" ? open(value, O_RDONLY | O_CLOEXEC) : -1
        defer { if file >= 0 { close(file) } }
        let error = #expect(throws: LaunchError.self) {
            try ControlChannel(
                rank: 0, environment: ["LOCKSTEP_CONTROL_FD": file >= 0 ? "\(file)" : value], onStop: { _ in })
        }
        #expect(error?.code == .invalidDescriptor)
        #expect(error?.message.contains("LOCKSTEP_CONTROL_FD") == true)
    }

    @Test("carries whole messages from many threads")
    func sending() async throws {
        let (channel, launcher) = try channel(Heard())
        let (threads, count) = (8, 200)
        let failure = RankFailure(rank: 1, message: String(repeating: "é", count: 500))
        let decoding = Task.detached {
            var decoder = MessageDecoder<RankMessage>()
            var messages: [RankMessage] = []
            var block = [UInt8](repeating: 0, count: 1000)
            while messages.count < threads * count {
                let read = recv(launcher.number, &block, block.count, 0)
                guard read > 0 else { break }
                decoder.append(block[..<read])
                while let message = try decoder.next() { messages.append(message) }
            }
            return messages
        }
        for _ in 0..<threads {
            try BackgroundThread.start { for _ in 0..<count { channel.send(.failed(failure)) } }
        }
        #expect(try await decoding.value == Array(repeating: .failed(failure), count: threads * count))
    }

    @Test("tells the wish to stop, and then the launcher's end")
    func receiving() async throws {
        let heard = Heard()
        var (channel, launcher): (ControlChannel, Descriptor?) = try channel(heard)
        let line = try MessageFraming.line(for: LauncherMessage.stop(reason: "enough"))
        #expect(launcher.map { send($0.number, line, line.count, 0) } == line.count)
        try await waitUntil("the wish") { heard.words == ["enough"] }
        launcher = nil
        try await waitUntil("the end") { heard.words == ["enough", "gone"] }
        #expect(channel.send(.finished) == false)
        _ = channel
    }

    @Test("that goes away tells nothing, and the launcher sees its end")
    func closing() async throws {
        let words = Mutex<[String]>([])
        // Held by the channel's thread alone, so that its end is that of the thread.
        var heard: Heard? = Heard { word in words.withLock { $0.append(word) } }
        let held = Held(object: heard)
        var channel: ControlChannel?
        let launcher: Descriptor
        (channel, launcher) = try self.channel(try #require(heard))
        heard = nil
        #expect(channel?.send(.finished) == true)
        #expect(held.object != nil)
        channel = nil
        try await waitUntil("the end of the channel's thread") { held.object == nil }
        #expect(words.withLock { $0 } == [])
        var block = [UInt8](repeating: 0, count: 1000)
        let line = try MessageFraming.line(for: RankMessage.finished)
        #expect(recv(launcher.number, &block, block.count, 0) == line.count)
        #expect(Array(block[..<line.count]) == line)
        #expect(recv(launcher.number, &block, block.count, 0) == 0)
    }
}
