import Foundation
import Lockstep
import LockstepTesting
import Testing

/// Programs that classify image files with saved weights.
@Suite("--predict")
struct PredictionTests {
    /// A run, in whose parent folder a program finds it.
    private func train(_ program: String, in home: TemporaryFolder, _ arguments: [String] = []) throws -> String {
        let folder = home.path("runs/\(program)-1")
        let run = try RunningProgram(
            program, ["--nproc", "1", "--synthetic-fallback", "--limit", "600", "--run-directory", folder] + arguments
        ).finished()
        #expect(run.status == 0, "\(run.diagnostics)")
        return folder
    }

    private func predict(
        _ program: String, _ arguments: [String], in home: TemporaryFolder, status: Int32 = 0
    ) throws -> ProgramRun {
        // The newest run is looked for under the folder where the program runs.
        let run = try ProgramRun.inFolder(home.path, program, arguments)
        #expect(run.status == status, "\(run.diagnostics)")
        return run
    }

    /// An IDX file of images.
    private func idx(_ images: [[UInt8]], _ sizes: [Int], _ path: String) throws {
        var bytes: [UInt8] = [0, 0, 8, UInt8(sizes.count + 1)]
        for size in [images.count] + sizes { bytes += (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } }
        try Data(bytes + images.flatMap(\.self)).write(to: URL(fileURLWithPath: path))
    }

    /// The three best classes of each image, as they are printed.
    private func expected(_ network: any Layer<Tensor, Tensor>, _ images: Tensor, _ names: [String]) -> [String] {
        network.eval()
        let probabilities = withoutGradients { network(images).to(.float64).softmax(dim: 1) }.array(of: Double.self)
        return (0..<images.shape[0]).map { image in
            let row = probabilities[image * names.count..<(image + 1) * names.count]
            return zip(names, row).sorted { $0.1 > $1.1 }.prefix(3)
                .map { $0.0 + String(format: " %.1f %%", 100 * $0.1) }.joined(separator: ", ")
        }
    }

    @Test("fashion-mnist names the classes of a file of the data set as the network itself, and the next two")
    func fashion() async throws {
        let home = try TemporaryFolder()
        let folder = try train("fashion-mnist", in: home, ["--epochs", "2"])
        var location = DatasetLocation()
        location.allowsSynthetic = true
        let images = try await LabelledImages.open(.fashionMNIST, in: location) { _ in }.test
        let file = try #require(images.paths.first { $0.contains("images") })
        let run = try predict("fashion-mnist", ["--predict", file], in: home)
        let network = Sequential {
            Flatten()
            Linear(784, 512); ReLU()
            Linear(512, 512); ReLU()
            Linear(512, 10)
        }
        try network.load(Safetensors.load(from: folder + "/model.safetensors").tensors)
        let (inputs, _) = try ImageDataset(images).batch(at: BatchIndices(0..<10))
        let name = URL(fileURLWithPath: file).lastPathComponent
        let lines = expected(network, inputs, images.classNames).enumerated().map { "\(name)[\($0)]: \($1)" }
        #expect(run.output.split(separator: "\n").map(String.init) == lines)
        #expect(run.diagnostics.contains("weights of runs/fashion-mnist-1/model.safetensors"), "\(run.diagnostics)")
        let few = try predict("fashion-mnist", ["--predict", file, "--limit", "2", "--weights", folder], in: home)
        #expect(few.output.split(separator: "\n").map(String.init) == Array(lines.prefix(2)))
    }

    @Test("cifar10-resnet18 classifies with the network of either recipe", arguments: ["article", "fast"])
    func residualNetwork(preset: String) async throws {
        let home = try TemporaryFolder()
        let folder = try train(
            "cifar10-resnet18", in: home,
            ["--preset", preset, "--batch-size", "8", "--max-steps", "4", "--limit", "32"])
        var location = DatasetLocation()
        location.allowsSynthetic = true
        let images = try await LabelledImages.open(.cifar10, in: location) { _ in }.test
        let pixels = (0..<3).map { Array(images.pixels(at: $0)) }
        try idx(pixels, [3, 32, 32], home.path("images-idx4-ubyte"))
        let run = try predict("cifar10-resnet18", ["--predict", home.path("images-idx4-ubyte")], in: home)
        let isFast = preset == "fast"
        let network =
            isFast
            ? ResNet(.basic, blocks: [1, 1, 1, 1], numClasses: 10, stem: .pooled, width: 32)
            : ResNet.resnet18(numClasses: 10)
        try network.load(Safetensors.load(from: folder + "/model.safetensors").tensors)
        let normalize =
            isFast
            ? Normalize(mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616])
            : Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
        let dataset = try ImageDataset(
            images,
            transform: Compose {
                ToTensor(); normalize
            })
        let lines = expected(network, try dataset.batch(at: BatchIndices(0..<3)).0, images.classNames)
        let found = run.output.split(separator: "\n").map { String($0.drop { $0 != ":" }.dropFirst(2)) }
        #expect(found == lines)
        #expect(!run.diagnostics.contains("resized"))

        guard
            let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first(
                where: FileManager.default.isExecutableFile)
        else { return }
        try Data(pixels[1]).write(to: URL(fileURLWithPath: home.path("planes")))
        let script = """
            import struct, sys, zlib
            planes = open(sys.argv[1], "rb").read()
            def chunk(kind, data):
                return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            rows = b"".join(b"\\0" + bytes(planes[c * 1024 + y * 32 + x] for x in range(32) for c in range(3)) for y in range(32))
            header = struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)
            open(sys.argv[2], "wb").write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header)
                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
            """
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: python)
        writer.arguments = ["-c", script, home.path("planes"), home.path("image.png")]
        try writer.run()
        writer.waitUntilExit()
        #expect(writer.terminationStatus == 0)
        let photo = try predict("cifar10-resnet18", ["--predict", home.path("image.png")], in: home)
        // Alone as well, since a batch of another size may be summed in another order.
        try idx([pixels[1]], [3, 32, 32], home.path("image"))
        let alone = try predict("cifar10-resnet18", ["--predict", home.path("image")], in: home)
        #expect(photo.output.hasPrefix("image.png: ") && alone.output.hasPrefix("image[0]: "), "\(photo.output)")
        #expect(photo.output.dropFirst("image.png: ".count) == alone.output.dropFirst("image[0]: ".count))
    }

    @Test("images of other sizes and colours are made to fit, which is said once; a checkpoint's weights serve too")
    func fitting() throws {
        let home = try TemporaryFolder()
        let folder = try train(
            "fashion-mnist", in: home, ["--max-steps", "3", "--checkpoint-every", "1000"])
        try FileManager.default.removeItem(atPath: folder + "/model.safetensors")
        let files = (0..<3).map { home.path("\($0)-idx-ubyte") }
        try idx([[UInt8](repeating: 90, count: 56 * 56)], [56, 56], files[0])
        try idx([[UInt8](repeating: 90, count: 28 * 28)], [28, 28], files[1])
        try idx([[UInt8](repeating: 90, count: 3 * 14 * 9)], [3, 14, 9], files[2])
        let run = try predict("fashion-mnist", ["--predict"] + files, in: home)
        #expect(run.diagnostics.contains("2 images resized to 28×28, 1 image made grey"), "\(run.diagnostics)")
        #expect(run.diagnostics.contains("weights of runs/fashion-mnist-1/checkpoints/latest/model.safetensors"))
        let classes = run.output.split(separator: "\n").map { $0.drop { $0 != ":" } }
        #expect(classes.count == 3 && Set(classes).count == 1, "\(run.output)")
    }

    @Test("what cannot be classified ends the program with what is wrong")
    func refusals() throws {
        let home = try TemporaryFolder()
        let file = home.path("image-idx-ubyte")
        try idx([[UInt8](repeating: 90, count: 28 * 28)], [28, 28], file)
        let cases = [
            (["--predict", file], "there is no run of fashion-mnist with weights under runs/"),
            (["--predict", home.path("none.png")], "none.png"),
            (["--predict", file, "--weights", home.path("none")], "there is no such file"),
            (["--predict", file, "--nproc", "2"], "--predict works in one process"),
        ]
        for (arguments, text) in cases {
            let run = try predict("fashion-mnist", arguments, in: home, status: 1)
            #expect(run.diagnostics.contains(text), "\(run.diagnostics)")
            #expect(run.output.isEmpty)
        }
        let usage = try predict("fashion-mnist", ["--weights", file], in: home, status: 64)
        #expect(usage.diagnostics.contains("--weights is for --predict"))
    }
}
