import Foundation
import Testing

@testable import HostNetwork

struct PortHolderTests {
    @Test func `the process that listens on a port is named`() throws {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        for address in try loopbackAddresses() {
            let socket = try TestSocket(listeningAt: address)
            let holder = try #require(PortHolder.of(listening: socket.port))
            #expect(holder.pid == getpid())
            #expect((executable as NSString).lastPathComponent.hasPrefix(String(holder.name.prefix(15))))
        }
    }

    @Test func `another process that listens on a port is named`() throws {
        var socket: TestSocket? = try TestSocket(listeningAt: try #require(IPAddress("127.0.0.1")))
        let (port, descriptor) = (try #require(socket?.port), try #require(socket?.descriptor))
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/cat")
        let lifeline = Pipe()
        child.standardInput = lifeline
        // The child inherits the socket as its standard output, and keeps it when this process lets go of it.
        child.standardOutput = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try child.run()
        defer {
            try? lifeline.fileHandleForWriting.close()
            child.waitUntilExit()
        }
        #expect(PortHolder.of(listening: port)?.pid == min(child.processIdentifier, getpid()))
        socket = nil
        #expect(PortHolder.of(listening: port) == PortHolder(pid: child.processIdentifier, name: "cat"))
    }

    @Test func `a free port has no holder`() throws {
        var socket: TestSocket? = try TestSocket(listeningAt: try #require(IPAddress("127.0.0.1")))
        let port = try #require(socket?.port)
        socket = nil
        // Another process may have taken the port since, but not this one.
        #expect(PortHolder.of(listening: port)?.pid != getpid())
    }
}
