@testable import LockstepCommand

extension TestFolder {
    /// Makes a folder that looks like LibTorch.
    @discardableResult
    func makeLibTorch(
        _ name: String, version: String = "2.13.0", build: String = "cpu", isCUDABuild: Bool = false,
        leavingOut left: Set<String> = []
    ) throws -> String {
        let numbers = version.split(separator: ".")
        let definitions = zip(["MAJOR", "MINOR", "PATCH"], numbers).map { "#define TORCH_VERSION_\($0) \($1)\n" }
        let header = "#pragma once\n\n" + definitions.joined() + "#define TORCH_VERSION_ABI_TAG 0\n"
        var files: [String: [UInt8]] = [
            "include/torch/headeronly/version.h": Array(header.utf8),
            "VERSION": Array("\(version)+\(build)\n".utf8),
        ]
        let libraries = ["libtorch_cpu.so", "libc10.so"] + (isCUDABuild ? ["libtorch_cuda.so", "libc10_cuda.so"] : [])
        for library in libraries { files["lib/\(library)"] = [0x7F] + Array("ELF and more".utf8) }
        for (file, bytes) in files where !left.contains(file) { try write(bytes, to: "\(name)/\(file)") }
        return path + "/" + name
    }
}
