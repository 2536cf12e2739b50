import HostNetwork
import Testing

@testable import LockstepCommand

struct MachineChecksTests {
    @Test(
        arguments: [
            (1, 1, nil, "1 core; ranks x threads: 1 x 1"),
            (4, 4, nil, "4 cores; ranks x threads: 1 x 4, 2 x 2, 3 x 1, 4 x 1"),
            (16, 2, nil, "2 cores of 16 (the process may run on 2); ranks x threads: 1 x 2, 2 x 1"),
            (16, 16, 2, "2 cores of 16 (its control group has the time of 2); ranks x threads: 1 x 2, 2 x 1"),
            (4, 4, 9, "4 cores; ranks x threads: 1 x 4, 2 x 2, 3 x 1, 4 x 1"),
            (12, 12, nil, "12 cores; ranks x threads: 1 x 12, 2 x 6, 3 x 4, 4 x 3, 6 x 2, 12 x 1"),
        ] as [(Int, Int, Int?, String)])
    func `cores are shared out between ranks`(
        _ present: Int, _ allowed: Int, _ quota: Int?, _ message: String
    ) async throws {
        let findings = try await CoreCheck(present: present, allowed: allowed, quota: quota).findings()
        #expect(findings.map(\.message) == [message])
        let finding = try #require(findings.first)
        #expect(finding.state == .ok)
        let count = min(allowed, quota ?? .max)
        #expect(finding.values["count"] == .number(count))
        guard case .object(let threads)? = finding.values["threadsPerRank"] else {
            Issue.record("no threads for each number of ranks")
            return
        }
        #expect(threads.count == count)
        #expect(threads["1"] == .number(count))
        #expect(threads["\(count)"] == .number(1))
    }

    @Test(
        arguments: [
            (8_000_000_000, "MemTotal: 9 kB\nMemAvailable: 4000000 kB\n", .ok, "8 GB, of which 4.1 GB are available"),
            (2_000_000_000, "MemAvailable:    8000000 kB\n", .ok, "2 GB, of which 2 GB are available"),
            (8_000_000_000, "MemAvailable:     500000 kB\n", .warning, "8 GB, of which 512 MB are available"),
            (8_000_000_000, "", .ok, "8 GB"),
            (nil, "", .ok, "the system does not say how much there is"),
        ] as [(Int?, String, Finding.State, String)])
    func `little memory is a warning`(
        _ total: Int?, _ information: String, _ state: Finding.State, _ message: String
    ) async throws {
        let findings = try await MemoryCheck(total: total, information: information).findings()
        #expect(findings.map(\.message) == [message])
        #expect(findings.map(\.state) == [state])
        #expect((findings.first?.nextStep != nil) == (state == .warning))
    }

    @Test func `a machine without a network can train alone`() async throws {
        let loopback = try NetworkInterface.all().filter(\.isLoopback)
        let findings = try await InterfaceCheck(interfaces: { loopback }).findings()
        #expect(findings.map(\.state) == loopback.map { _ in .ok } + [.warning])
        #expect(findings.last?.message == "no interface leads to other machines")
    }

    @Test func `shared memory that is not there is a warning`() async throws {
        let findings = try await SharedMemoryCheck(folder: "/there-is-none").findings()
        #expect(findings.map(\.state) == [.warning])
        #expect(findings.first?.message.hasPrefix("/there-is-none cannot be looked at: ") == true)
    }
}
