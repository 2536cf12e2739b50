import ArgumentParser
import DatasetFiles
import Foundation
import Launching

/// `lockstep doctor`: what training finds on this machine.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what training finds on this machine, and what stands in its way.",
        discussion: """
            Each line says ok, warning or broken, and what to do about it. The exit status is 1 where something is \
            broken, so that no program can train, and 0 otherwise.
            """)

    @Argument(help: "The folder of a run that failed: shows what its ranks did last, instead of this machine.")
    var runFolder: String?

    @Flag(help: "Writes one JSON object instead of lines.")
    var json = false

    @OptionGroup var data: DataOptions
    @OptionGroup var nodes: NodeOptions

    func run() async throws {
        if let runFolder { return try showFlightRecords(of: runFolder) }
        if let place = try nodes.place {
            return try await LaunchError.endingProcess { try checkReachability(at: place) }
        }
        let report = await DoctorReport(of: checks(in: ProcessInfo.processInfo.environment)) { findings in
            if !json { print(findings.map(\.text).joined(separator: "\n")) }
        }
        print(json ? try report.json() : "\n" + report.summary)
        if report.state == .broken { throw ExitCode(1) }
    }

    /// What is looked at, in the order in which it is shown.
    private func checks(in environment: [String: String]) -> [any DoctorCheck] {
        let libTorch = LibTorchFolder(environment: environment)
        return [
            HostNameCheck(),
            InterfaceCheck(),
            CoreCheck(),
            MemoryCheck(),
            LibTorchCheck(libTorch: libTorch),
            DeviceCheck(environment: environment, hasCUDALibTorch: libTorch.isCUDABuild),
            OpenFileCheck(),
            SharedMemoryCheck(),
            DatasetCheck(location: data.location),
        ]
    }
}
