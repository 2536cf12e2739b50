import Foundation
import Testing

@testable import LockstepCommand

struct DeviceCheckTests {
    private let folder: TestFolder
    private let identifiers = ["GPU-1a2b3c4d-0000", "GPU-5e6f7a8b-1111"]

    init() throws { folder = try TestFolder() }

    /// Makes the files of a driver and its device files.
    private func makeDriver(devices: Int, known: Int) throws {
        try folder.write(
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\nGCC version: 12\n".utf8,
            to: "proc/driver/nvidia/version")
        for name in (0..<devices).map({ "nvidia\($0)" }) + ["nvidiactl", "nvidia-uvm"] {
            try folder.write([], to: "dev/\(name)")
        }
        for number in 0..<known {
            let text = "Model: \t\t NVIDIA H200\nGPU UUID: \t \(identifiers[number])\nDevice Minor: \t \(number)\n"
            try folder.write(text.utf8, to: "proc/driver/nvidia/gpus/0000:0\(number):00.0/information")
        }
    }

    private func findings(
        _ variables: [String: String] = [:], hasCUDALibTorch: Bool = true, tool: String? = nil,
        limit: Duration = .seconds(60)
    ) async throws -> [Finding] {
        if let tool {
            try folder.write("#!/bin/sh\n\(tool)\n".utf8, to: "bin/nvidia-smi", permissions: 0o755)
        }
        let path = ["PATH": folder.path + "/bin"]
        return try await DeviceCheck(
            environment: path.merging(variables) { $1 }, hasCUDALibTorch: hasCUDALibTorch, root: folder.path,
            limit: limit
        ).findings()
    }

    @Test func `a machine without a driver trains on its CPU`() async throws {
        let findings = try await findings(["CUDA_VISIBLE_DEVICES": "0"])
        #expect(findings.map(\.state) == [.ok])
        #expect(findings.first?.message == "no NVIDIA GPU: training runs on the CPU")
    }

    @Test func `a driver without device files is a container that was given none`() async throws {
        try makeDriver(devices: 0, known: 2)
        let findings = try await findings()
        #expect(findings.map(\.state) == [.warning])
        #expect(findings.first?.message.contains("570.86.15 is loaded, and no GPU is here") == true)
        #expect(findings.first?.nextStep?.contains("--gpus all") == true)
    }

    @Test func `without the driver's tool its files tell the GPUs`() async throws {
        try makeDriver(devices: 2, known: 1)
        let findings = try await findings()
        #expect(findings.map(\.state) == [.ok])
        #expect(findings.first?.message == "2 NVIDIA GPUs: 0 NVIDIA H200 (GPU-1a2b3c4d-0000), 1")
        #expect(findings.first?.values["driver"] == "570.86.15")
    }

    @Test func `the driver's tool tells the GPUs`() async throws {
        try makeDriver(devices: 1, known: 0)
        let findings = try await findings(tool: "echo 'GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-77)'")
        #expect(findings.map(\.state) == [.ok])
        #expect(findings.first?.message == "1 NVIDIA GPU: 0 NVIDIA A100-SXM4-80GB (GPU-77)")
    }

    @Test func `a tool that fails is a warning with its words`() async throws {
        try makeDriver(devices: 1, known: 1)
        let words = "Failed to initialize NVML: Driver/library version mismatch"
        let findings = try await findings(tool: "echo '\(words)'; exit 18")
        #expect(findings.map(\.state) == [.ok, .warning])
        #expect(findings.last?.message == "nvidia-smi fails: \(words)")
    }

    @Test func `a tool that hangs is not waited for`() async throws {
        try makeDriver(devices: 1, known: 1)
        let findings = try await findings(tool: "exec /bin/sleep 600", limit: .milliseconds(100))
        #expect(findings.map(\.state) == [.ok, .warning])
        #expect(findings.last?.message.contains("did not answer") == true)
    }

    @Test(
        arguments: [
            ("1,0", Finding.State.ok, 2, nil), ("1", .ok, 1, nil), ("", .ok, 0, nil), ("-1", .ok, 0, nil),
            ("GPU-5e", .ok, 1, nil),
            ("0,7", .warning, 1, "7 names no GPU of this machine"),
            ("0,0", .warning, 0, "0 is named twice"),
        ] as [(String, Finding.State, Int, String?)])
    func `what is visible is said`(
        _ variable: String, _ state: Finding.State, _ visible: Int, _ problem: String?
    ) async throws {
        try makeDriver(devices: 2, known: 2)
        let findings = try await findings(["CUDA_VISIBLE_DEVICES": variable])
        #expect(findings.map(\.state) == [state])
        let finding = try #require(findings.first)
        #expect(finding.message.hasPrefix("2 NVIDIA GPUs, \(visible) visible (CUDA_VISIBLE_DEVICES=\(variable)): "))
        #expect(finding.values["visible"] == .number(visible))
        if let problem { #expect(finding.message.contains(problem)) }
    }

    @Test(arguments: [("0", 2), ("", 1)])
    func `a LibTorch for the CPU on a machine with GPUs is a warning`(_ variable: String, _ count: Int) async throws {
        try makeDriver(devices: 1, known: 1)
        let findings = try await findings(["CUDA_VISIBLE_DEVICES": variable], hasCUDALibTorch: false)
        #expect(findings.count == count)
        #expect((findings.last?.message.contains("LibTorch is a build for the CPU") == true) == (count == 2))
    }
}
