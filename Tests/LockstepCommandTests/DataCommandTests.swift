import DatasetFiles
import Foundation
import Testing

/// `../shared/data`, seen from the package's folder; nil where there is none.
private let realData: String? = {
    let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = package.deletingLastPathComponent().appendingPathComponent("shared/data").path
    return FileManager.default.fileExists(atPath: folder) ? folder : nil
}()

extension TestFolder {
    /// Places files with the names and sizes of MNIST's, and no contents.
    func placeMNIST(_ name: String) throws {
        for file in DatasetDescription.mnist.archives.flatMap(\.contents) {
            let path = try write([], to: "\(name)/\(file.name)")
            try #require(truncate(path, off_t(file.size)) == 0)
        }
    }
}

struct DataCommandTests {
    @Test func `the catalogue is listed with files, sizes and checksums`() throws {
        let run = try CommandRun(["data", "list"], in: TestFolder())
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        for dataset in DatasetDescription.catalogue {
            let isListed = run.lines.contains { $0.hasPrefix("\(dataset.name): \(dataset.title), ") }
            #expect(isListed, "\(dataset.name)")
            #expect(run.output.contains("not found; lockstep data fetch \(dataset.name) fetches it"))
            for file in dataset.archives.flatMap({ [$0.file] + $0.contents }) {
                #expect(run.output.contains(" \(file.name) (\(file.size) bytes, \(file.checksum))\n"))
            }
        }
    }

    @Test func `one data set is listed alone, and where it is`() throws {
        let folder = try TestFolder()
        try folder.placeMNIST("cache/lockstep/datasets/mnist")
        let run = try CommandRun(["data", "list", "mnist"], in: folder)
        #expect(run.output.contains("  found in \(folder.path)/cache/lockstep/datasets/mnist\n"))
        #expect(!run.output.contains("cifar"))
    }

    @Test(arguments: ["list", "fetch", "where"])
    func `a name that is not in the catalogue is answered with those that are`(_ command: String) throws {
        let run = try CommandRun(["data", command, "minst"], in: TestFolder())
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        let message = "there is no data set minst in the catalogue; there are: mnist, fashion-mnist, cifar-10"
        #expect(run.errors.contains(message))
    }

    @Test func `places are shown in the order of the search`() throws {
        let folder = try TestFolder()
        try folder.placeMNIST("second/MNIST/raw")
        try folder.placeMNIST("cache/lockstep/datasets/mnist")
        try folder.write([], to: "first/mnist/train-images-idx3-ubyte")
        try folder.makeFolder("work")
        try folder.makeFolder("shared/data")
        let run = try CommandRun(
            ["data", "where", "mnist", "--data-directory", folder.path + "/first"], in: folder,
            environment: ["LOCKSTEP_DATA": folder.path + "/second"])
        #expect(run.status == 0)
        #expect(
            run.lines == [
                "mnist: \(folder.path)/second/MNIST/raw",
                "  \(folder.path)/first (--data-directory): \(folder.path)/first/mnist has train-images-idx3-ubyte and "
                    + "lacks train-labels-idx1-ubyte",
                "  \(folder.path)/second (LOCKSTEP_DATA): all files",
                "  ../shared/data (shared data): no such files",
                "  \(folder.path)/cache/lockstep/datasets (cache): all files",
            ])
    }

    @Test func `files in the cache that are not whole do not count`() throws {
        let folder = try TestFolder()
        try folder.placeMNIST("cache/lockstep/datasets/mnist")
        try folder.write("short".utf8, to: "cache/lockstep/datasets/mnist/t10k-labels-idx1-ubyte")
        let run = try CommandRun(["data", "where", "mnist"], in: folder)
        #expect(run.status == 1)
        #expect(run.lines.first == "mnist: not found")
        #expect(run.lines.last?.hasSuffix("(cache): lacks t10k-labels-idx1-ubyte") == true)
        // A compressed file stands for what is in it.
        try folder.write("packed".utf8, to: "cache/lockstep/datasets/mnist/t10k-labels-idx1-ubyte.gz")
        #expect(try CommandRun(["data", "where", "mnist"], in: folder).status == 0)
    }

    @Test func `data sets that nobody named may be missing`() throws {
        let run = try CommandRun(["data", "where"], in: TestFolder())
        #expect(run.status == 0)
        #expect(run.lines.count { $0.hasSuffix(": not found") } == DatasetDescription.catalogue.count)
    }

    @Test func `without an environment that names a cache the error says so`() throws {
        let run = try CommandRun(["data", "where"], in: TestFolder(), environment: ["HOME": "", "XDG_CACHE_HOME": ""])
        #expect(run.status == 1)
        #expect(run.errors.contains("neither XDG_CACHE_HOME nor HOME is set"))
    }

    @Test func `a fetch that no mirror serves tells how to place the files by hand`() throws {
        let folder = try TestFolder()
        // Nothing listens on the discard port of this machine.
        let run = try CommandRun(["data", "fetch", "mnist", "--mirror", "http://127.0.0.1:9/mnist"], in: folder)
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("http://127.0.0.1:9/mnist/train-images-idx3-ubyte.gz"))
        #expect(run.errors.contains("To place the files by hand"))
    }

    @Test func `a fetch without a name is a wrong use`() throws {
        #expect(try CommandRun(["data", "fetch"], in: TestFolder()).status == 64)
    }

    @Test(.enabled(if: realData != nil, "no folder ../shared/data beside the package"))
    func `files that lie packed in a folder are verified and unpacked`() throws {
        let folder = try TestFolder()
        let arguments = ["--data-directory", try #require(realData)]
        for _ in 0..<2 {
            let run = try CommandRun(["data", "fetch", "mnist"] + arguments, in: folder)
            #expect(run.status == 0)
            #expect(run.output.hasPrefix("mnist: 60000 + 10000 images in "))
        }
        #expect(try CommandRun(["data", "where", "mnist"], in: folder).status == 0)
    }
}
