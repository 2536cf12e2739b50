import Foundation
import Glibc
import RankProtocol

/// What a rank may be in the midst of when its launcher has to end.
extension ProbeRank {
    /// Waits in `accept` and in `recv`, as ranks do until all are there.
    func meet() throws -> Never {
        let file = try folder() + "/port"
        if place.rank == 0 {
            let (listener, port) = try Self.listener()
            try Data("\(port)".utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
            write("ready", to: STDOUT_FILENO)
            while true { _ = accept(listener, nil, nil) }
        }
        while !FileManager.default.fileExists(atPath: file) { usleep(1000) }
        guard let port = UInt16(try String(contentsOfFile: file, encoding: .utf8)) else {
            throw Misuse(description: "no port in \(file)")
        }
        try receiveForever(try Self.connected(to: port))
    }

    /// Waits in `recv` for the second half of a file.
    func download() throws -> Never {
        let (listener, port) = try Self.listener()
        let client = try Self.connected(to: port)
        let server = accept(listener, nil, nil)
        _ = send(server, [UInt8](repeating: 1, count: 1000), 1000, Int32(MSG_NOSIGNAL))
        try receiveForever(client)
    }

    /// Computes without an end, and without a system call.
    func compute() -> Never {
        write("ready", to: STDOUT_FILENO)
        var state = UInt64(getpid())
        while true {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            if state == 0 { write("unlikely", to: STDOUT_FILENO) }
        }
    }

    /// Writes files that are 16 times the same block of their number, each a part at a time.
    func save() throws -> Never {
        let path = try folder() + "/state-\(place.rank)"
        var number: UInt8 = 1
        while true {
            let file = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            let block = [UInt8](repeating: number, count: 1 << 14)
            for _ in 0..<16 {
                guard Glibc.write(file, block, block.count) == block.count else {
                    throw Misuse(description: "\(path).part takes no more")
                }
                usleep(500)
            }
            fsync(file)
            close(file)
            guard rename(path + ".part", path) == 0 else { throw Misuse(description: "\(path) cannot be named") }
            if number == 1 { write("ready", to: STDOUT_FILENO) }
            number = number &+ 1
        }
    }

    /// Leaves its terminal, if it has one, as a bar does that is not done.
    func draw() -> Never {
        var settings = termios()
        if place.rank == 0, tcgetattr(STDOUT_FILENO, &settings) == 0 {
            settings.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDOUT_FILENO, TCSANOW, &settings)
            write("\u{1B}[?25l\r50 %", to: STDOUT_FILENO)
        }
        waitForever()
    }

    private func folder() throws -> String {
        guard let folder = environment["LAUNCH_FOLDER"] else { throw Misuse(description: "LAUNCH_FOLDER is missing") }
        return folder
    }

    private func receiveForever(_ socket: Int32) throws -> Never {
        write("ready", to: STDOUT_FILENO)
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &block, block.count, 0)
            if count == 0 { throw Misuse(description: "the other side has gone") }
        }
    }

    private static func listener() throws -> (socket: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 8) == 0
                    ? getsockname(listener, address, &length) : -1
            }
        }
        guard status == 0 else { throw Misuse(description: "no port to listen at") }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    private static func connected(to port: UInt16) throws -> Int32 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Misuse(description: "nobody listens at \(port)") }
        return client
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        return address
    }
}
