import Foundation
import HostNetwork
import Testing

@testable import LockstepCommand

struct HostNameCheckTests {
    private func finding(
        _ addresses: @escaping @Sendable () throws -> [String], limit: Duration = .seconds(60)
    ) async throws -> Finding {
        let check = HostNameCheck(limit: limit, host: "node0") { _ in try addresses().compactMap { IPAddress($0) } }
        let findings = try await check.findings()
        #expect(findings.count == 1)
        return try #require(findings.first)
    }

    @Test func `a name that leads to an address of this machine is in order`() async throws {
        let own = try NetworkInterface.all().flatMap(\.addresses).filter { !$0.isLoopback }.map(\.description)
        guard let address = own.first else { return }
        let finding = try await finding { ["127.0.1.1", address] }
        #expect(finding.state == .ok)
        #expect(finding.message == "node0 resolves to 127.0.1.1, \(address)")
        #expect(finding.nextStep == nil)
    }

    @Test(arguments: [["127.0.1.1"], ["127.0.0.1", "::1"]])
    func `a name that leads to the loopback interface alone is a warning`(_ addresses: [String]) async throws {
        let finding = try await finding { addresses }
        #expect(finding.state == .warning)
        #expect(finding.message.contains("\(addresses.joined(separator: ", ")) alone"))
        #expect(finding.nextStep?.contains("--rendezvous does not need this") == true)
    }

    @Test func `a name that leads to another machine is a warning`() async throws {
        let finding = try await finding { ["192.0.2.77"] }
        #expect(finding.state == .warning)
        #expect(finding.message.contains("192.0.2.77, which no interface of this machine has"))
    }

    @Test func `a name that leads nowhere is a warning`() async throws {
        let finding = try await finding { throw NetworkError(.unknownHost, "no address is known for it") }
        #expect(finding.state == .warning)
        #expect(finding.message.contains("no address is known for it"))
    }

    @Test func `silent name servers are not waited for`() async throws {
        let finished = DispatchSemaphore(value: 0)
        defer { finished.signal() }
        let finding = try await finding(
            {
                finished.wait()
                return []
            }, limit: .milliseconds(50))
        #expect(finding.state == .warning)
        #expect(finding.message.contains("did not answer"))
    }
}
