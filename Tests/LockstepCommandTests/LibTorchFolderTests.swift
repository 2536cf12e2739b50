import Testing

@testable import LockstepCommand

struct LibTorchFolderTests {
    @Test(arguments: [
        ("2.11.0", true), ("2.12.4", true), ("2.13.0", true), ("2.13.9", true),
        ("2.10.9", false), ("2.14.0", false), ("1.13.1", false), ("3.0.0", false), ("2.2.0", false),
    ])
    func `versions from 2.11 to 2.13 are supported`(_ version: String, _ isSupported: Bool) throws {
        let folder = try TestFolder()
        let path = try folder.makeLibTorch("torch", version: version)
        let libTorch = LibTorchFolder(environment: ["LIBTORCH": path])
        #expect(libTorch.headerVersion == version)
        #expect(libTorch.version == "\(version)+cpu")
        #expect(
            libTorch.problem
                == (isSupported ? nil : "it is LibTorch \(version), and versions 2.11 to 2.13 are supported"))
    }

    @Test func `the kind of build is told by its libraries`() throws {
        let folder = try TestFolder()
        let cpu = LibTorchFolder(environment: ["LIBTORCH": try folder.makeLibTorch("cpu")])
        let cuda = LibTorchFolder(
            environment: ["LIBTORCH": try folder.makeLibTorch("cuda", build: "cu128", isCUDABuild: true)])
        #expect(!cpu.isCUDABuild)
        #expect(cuda.isCUDABuild)
        #expect(cuda.version == "2.13.0+cu128")
        #expect(cuda.problem == nil)
    }

    @Test func `without a file that tells the build the version is that of the headers`() throws {
        let folder = try TestFolder()
        let path = try folder.makeLibTorch("torch", leavingOut: ["VERSION"])
        #expect(LibTorchFolder(environment: ["LIBTORCH": path]).version == "2.13.0")
        // Of another version than the headers, it belongs to something else.
        try folder.write("9.9.9+cpu\n".utf8, to: "torch/build-version")
        #expect(LibTorchFolder(environment: ["LIBTORCH": path]).version == "2.13.0")
        try folder.write("__version__ = '2.13.0+cu126'\n".utf8, to: "torch/version.py")
        #expect(LibTorchFolder(environment: ["LIBTORCH": path]).version == "2.13.0+cu126")
    }

    @Test(arguments: [
        (["lib/libtorch_cpu.so"], "lib/libtorch_cpu.so is missing"),
        (["lib/libc10.so"], "lib/libc10.so is missing"),
        (["lib/libtorch_cpu.so", "lib/libc10.so"], "it has no lib/"),
        (["include/torch/headeronly/version.h"], "it has no include/"),
    ])
    func `what is missing is named`(_ left: [String], _ problem: String) throws {
        let folder = try TestFolder()
        let path = try folder.makeLibTorch("torch", leavingOut: Set(left))
        #expect(LibTorchFolder(environment: ["LIBTORCH": path]).problem == problem)
    }

    @Test func `what is no library and no header is named`() throws {
        let folder = try TestFolder()
        let path = try folder.makeLibTorch("torch")
        try folder.write("version https://git-lfs.github.com/spec/v1\n".utf8, to: "torch/lib/libc10.so")
        #expect(LibTorchFolder(environment: ["LIBTORCH": path]).problem == "lib/libc10.so is no shared library")
        try folder.write("#define TORCH_VERSION_MAJOR 2\n".utf8, to: "torch/include/torch/headeronly/version.h")
        let problem = try #require(LibTorchFolder(environment: ["LIBTORCH": path]).problem)
        #expect(problem.hasPrefix("its headers tell no version"))
    }

    @Test func `the link of the set-up is followed`() throws {
        let folder = try TestFolder()
        try folder.makeLibTorch(".cache/lockstep/libtorch-2.13.0-cpu")
        try folder.link(".cache/lockstep/libtorch", to: "libtorch-2.13.0-cpu")
        let libTorch = LibTorchFolder(environment: ["HOME": folder.path, "LIBTORCH": ""])
        #expect(!libTorch.isGiven)
        #expect(libTorch.path == folder.path + "/.cache/lockstep/libtorch")
        #expect(libTorch.target == folder.path + "/.cache/lockstep/libtorch-2.13.0-cpu")
        #expect(libTorch.problem == nil)
    }

    @Test func `a link that leads nowhere is named with its target`() throws {
        let folder = try TestFolder()
        try folder.link(".cache/lockstep/libtorch", to: "/gone/libtorch")
        let libTorch = LibTorchFolder(environment: ["HOME": folder.path])
        #expect(libTorch.problem == "it leads to /gone/libtorch, which is not there")
        #expect(LibTorchFolder(environment: ["HOME": "/nowhere"]).problem == "there is no such folder")
    }
}
