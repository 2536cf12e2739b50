/// The GPUs that training can use.
struct DeviceCheck: DoctorCheck {
    let name = "devices"
    let environment: [String: String]
    /// Whether LibTorch can use GPUs at all.
    let hasCUDALibTorch: Bool
    /// The folder that stands for `/`.
    var root = ""
    /// How long the driver's tool may take.
    var limit: Duration = .seconds(10)

    func findings() async throws -> [Finding] {
        let driver = NVIDIADriver(root: root)
        guard driver.version != nil || !driver.gpus.isEmpty else {
            return [finding(.ok, "no NVIDIA GPU: training runs on the CPU", ["count": 0, "visible": 0])]
        }
        let words = driver.version.map { "NVIDIA's driver \($0)" } ?? "NVIDIA's driver"
        guard !driver.gpus.isEmpty else {
            return [
                finding(
                    .warning, "\(words) is loaded, and no GPU is here: there is no /dev/nvidia0",
                    next: "Ask for GPUs: docker run --gpus all, or --gres=gpu:1 with Slurm.",
                    ["count": 0, "visible": 0, "driver": JSONValue(driver.version)])
            ]
        }
        let tool = await ToolRun.of("nvidia-smi", ["-L"], environment: environment, limit: limit)
        var gpus = driver.gpus
        if case .output(let text) = tool {
            let listed = GPU.list(from: text)
            if !listed.isEmpty { gpus = listed }
        }
        let variable = environment["CUDA_VISIBLE_DEVICES"]
        let visible = VisibleGPUs(of: gpus, variable: variable)
        var findings = [summary(of: gpus, visible, variable, driver)]
        switch tool {
        case .failed(let words):
            findings.append(
                finding(
                    .warning, "nvidia-smi fails: \(words)",
                    next: "Driver and libraries probably do not fit together, as after an update: restart the machine "
                        + "or its container."))
        case .silent:
            findings.append(
                finding(
                    .warning, "nvidia-smi did not answer within \(limit.components.seconds) s",
                    next: "A GPU or its driver probably hangs: see dmesg, and restart the machine."))
        case .missing, .output: break
        }
        if visible.count > 0, !hasCUDALibTorch {
            findings.append(
                finding(
                    .warning, "LibTorch is a build for the CPU, so training does not use the GPU",
                    next: "Name a build for CUDA: LIBTORCH=<folder> make setup."))
        }
        return findings
    }

    private func summary(
        of gpus: [GPU], _ visible: VisibleGPUs, _ variable: String?, _ driver: NVIDIADriver
    ) -> Finding {
        let values: [String: JSONValue] = [
            "count": .number(gpus.count), "visible": .number(visible.count), "driver": JSONValue(driver.version),
            "visibleDevices": JSONValue(variable),
            "gpus": .list(
                gpus.map {
                    .object([
                        "index": .number($0.index), "model": JSONValue($0.model), "uuid": JSONValue($0.uuid),
                        "instances": JSONValue($0.instances),
                    ])
                }),
        ]
        let list = gpus.map(\.summary).joined(separator: ", ")
        let total = gpus.count == 1 ? "1 NVIDIA GPU" : "\(gpus.count) NVIDIA GPUs"
        guard let variable else { return finding(.ok, "\(total): \(list)", values) }
        let message = "\(total), \(visible.count) visible (CUDA_VISIBLE_DEVICES=\(variable)): \(list)"
        guard let problem = visible.problem else { return finding(.ok, message, values) }
        return finding(
            .warning, "\(message); \(problem)", next: "Correct CUDA_VISIBLE_DEVICES, or unset it to see every GPU.",
            values)
    }
}
