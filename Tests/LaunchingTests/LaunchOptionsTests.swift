import ArgumentParser
import HostNetwork
import Testing

@testable import Launching

@Suite("The options of a launch")
struct LaunchOptionsTests {
    @Test(
        "give a number of processes",
        arguments: [
            ([], nil), (["--nproc", "4"], .exactly(4)), (["--nproc=1"], .exactly(1)), (["--nproc", "auto"], .auto),
        ] as [([String], ProcessCount?)])
    func numbers(_ arguments: [String], _ expected: ProcessCount?) throws {
        #expect(try LaunchOptions.parse(arguments).nproc == expected)
    }

    @Test(
        "say what is wrong",
        arguments: [
            ("0", "at least one process is needed"), ("-1", "at least one process is needed"),
            ("many", "expected a number of processes"), ("", "expected a number of processes"),
            ("4.5", "expected a number of processes"), ("Auto", "expected a number of processes"),
            ("99999999999999999999", "expected a number of processes"),
        ])
    func wrong(_ value: String, _ text: String) throws {
        let error = #expect(throws: (any Error).self) { try LaunchOptions.parse(["--nproc", value]) }
        let message = LaunchOptions.message(for: try #require(error))
        #expect(message.contains("'\(value)'") && message.contains("--nproc") && message.contains(text), "\(message)")
    }

    @Test("with auto take all cores, and are written as they are read")
    func auto() {
        #expect(ProcessCount.auto.count == AvailableCores.count)
        #expect((ProcessCount.auto.description, ProcessCount.exactly(3).description) == ("auto", "3"))
    }

    @Test(
        "are taken out of the ranks' arguments",
        arguments: [
            ([], []),
            (["--epochs", "2", "--nproc", "4", "--seed", "1"], ["--epochs", "2", "--seed", "1"]),
            (["--nproc=4", "x"], ["x"]), (["--nproc"], []), (["--nprocs", "4"], ["--nprocs", "4"]),
            (["--nproc", "2", "--nproc=3", "--", "--nproc", "4"], ["--", "--nproc", "4"]),
            (["--log-directory", "a", "b", "--log-directory=c", "--log-directory-x"], ["b", "--log-directory-x"]),
        ])
    func removed(_ arguments: [String], _ expected: [String]) {
        #expect(LaunchOptions.removed(from: arguments) == expected)
    }

    @Test("refuse a folder for logs without processes to log")
    func logs() throws {
        #expect(try LaunchOptions.parse(["--nproc", "1", "--log-directory", "x"]).logDirectory == "x")
        let error = #expect(throws: (any Error).self) { try LaunchOptions.parse(["--log-directory", "x"]) }
        #expect(LaunchOptions.message(for: try #require(error)).contains("give one of these too"))
    }

    @Test("name this machine among several")
    func machines() throws {
        let options = try LaunchOptions.parse([
            "--nnodes", "3", "--node-rank", "2", "--rendezvous", "tcp://[fe80::1]:23456", "--rendezvous-timeout", "20",
        ])
        let place = try #require(try options.nodes.place)
        #expect((place.node, place.count, place.rendezvous.host, place.rendezvous.port) == (2, 3, "fe80::1", 23456))
        #expect(place.timeout == .seconds(20))
        let launcher = try #require(try options.launcher(arguments: ["program"], environment: [:]))
        #expect((launcher.processCount, launcher.nodes) == (1, place))
        #expect(try LaunchOptions.parse(["--nnodes", "1"]).nodes.place == nil)
    }

    @Test(
        "refuse machines that cannot find each other",
        arguments: [
            (["--nnodes", "0"], "a job has at least one machine"),
            (["--nnodes", "2", "--node-rank", "0"], "needs --rendezvous tcp://host:port"),
            (["--nnodes", "2", "--rendezvous", "tcp://a:1"], "needs --node-rank"),
            (["--nnodes", "2", "--node-rank", "2", "--rendezvous", "tcp://a:1"], "counted from 0 to 1"),
            (["--nnodes", "2", "--node-rank", "0", "--rendezvous", "a"], "--rendezvous a: "),
            (["--nnodes", "2", "--node-rank", "0", "--rendezvous", "tcp://a:0"], "need a port that all know"),
            (["--nproc", "2", "--max-restarts=-1"], "is not negative"),
            (["--nproc", "2", "--port-range", "5-4"], "begins with the lower one"),
            (["--nproc", "2", "--port-range", "a-b"], "expected a range of ports"),
            (["--max-restarts", "1"], "give one of these too"),
            (["--rendezvous", "tcp://a:1"], "give one of these too"),
        ])
    func lost(_ arguments: [String], _ text: String) throws {
        let error = #expect(throws: (any Error).self) { try LaunchOptions.parse(arguments) }
        let message = LaunchOptions.message(for: try #require(error))
        #expect(message.contains(text), "\(message)")
    }

    @Test("refuse an interface where the environment names another")
    func interface() throws {
        let options = try LaunchOptions.parse(["--nproc", "2", "--interface", "eth0"])
        let same = try options.launcher(arguments: ["program"], environment: ["GLOO_SOCKET_IFNAME": "eth0"])
        #expect(same?.interface == "eth0")
        let error = #expect(throws: LaunchError.self) {
            try options.launcher(arguments: ["program"], environment: ["GLOO_SOCKET_IFNAME": "eth1"])
        }
        #expect(error?.code == .contradiction)
        #expect(error?.exitCode == 2)
    }

    @Test("ask for a launcher, but not of a rank")
    func launcher() throws {
        let options = try LaunchOptions.parse(["--nproc", "3", "--log-directory", "logs"])
        let arguments = ["program", "--nproc", "3", "--seed", "1", "--log-directory=logs"]
        let launcher = try #require(try options.launcher(arguments: arguments, environment: ["A": "b"]))
        #expect(launcher.processCount == 3)
        #expect(launcher.logFolder == "logs")
        #expect(launcher.arguments == ["--seed", "1"])
        #expect(launcher.environment == ["A": "b"])
        #expect(try LaunchOptions.parse([]).launcher(arguments: ["program"], environment: [:]) == nil)
        let rank = ["RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"]
        let error = #expect(throws: LaunchError.self) { try options.launcher(arguments: arguments, environment: rank) }
        #expect(error?.code == .nested)
    }
}
