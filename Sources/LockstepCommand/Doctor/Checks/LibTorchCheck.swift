/// The LibTorch that programs are built and run with.
struct LibTorchCheck: DoctorCheck {
    let name = "libtorch"
    let libTorch: LibTorchFolder

    func findings() async throws -> [Finding] {
        let (path, target) = (libTorch.path, libTorch.target)
        let origin = libTorch.isGiven ? " (given by LIBTORCH)" : ""
        var values: [String: JSONValue] = [
            "path": "\(path)", "target": "\(target)", "isGiven": .flag(libTorch.isGiven),
            "version": JSONValue(libTorch.version),
        ]
        if let problem = libTorch.problem {
            return [
                finding(
                    .broken, "LibTorch cannot be used from \(path)\(origin): \(problem)", next: remedy, values)
            ]
        }
        values["build"] = libTorch.isCUDABuild ? "cuda" : "cpu"
        let place = target == path ? "\(path)\(origin)" : "\(target)\(origin), to which \(path) leads"
        return [
            finding(
                .ok,
                "LibTorch \(libTorch.version ?? "?"), a build for \(libTorch.isCUDABuild ? "CUDA" : "the CPU"), in "
                    + place, values)
        ]
    }

    private var remedy: String {
        let range =
            "\(LibTorchFolder.oldest.0).\(LibTorchFolder.oldest.1) to \(LibTorchFolder.newest.0)."
            + "\(LibTorchFolder.newest.1)"
        return libTorch.isGiven
            ? "Name a folder with include/ and lib/ of LibTorch \(range) with LIBTORCH, or unset it and run make setup in "
                + "Lockstep's folder."
            : "Run make setup in Lockstep's folder: it fetches LibTorch, or repairs it. LIBTORCH=<folder> make setup "
                + "takes a build of \(range) that is already there."
    }
}
