import ArgumentParser
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
        #expect(LaunchOptions.message(for: try #require(error)).contains("give --nproc too"))
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
