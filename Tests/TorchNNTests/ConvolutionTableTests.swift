import Foundation
import LockstepTesting
import Testing
import Torch

@Suite("A table of convolutions")
struct ConvolutionTableTests {
    private static let sizes = "2 16 64 64 8 8 3 3 1 1 1 1"

    @Test(
        "a line that is no entry is named with its number and what is wrong with it, and the table in use stays",
        arguments: [
            ("avx512 float32 \(sizes) fastest", "the algorithm fastest is unknown"),
            ("avx512 float32 \(sizes)", "the algorithm is missing"),
            ("avx512 float32 2 16 64 taps", "12 numbers"), ("avx512 float32", "12 numbers"),
            ("avx512 float32 2 16 64 64 8 8 3 3 0 1 1 1 taps", "a number is too small"),
            ("avx512 float32 0 16 64 64 8 8 3 3 1 1 1 1 taps", "a number is too small"),
            ("avx512 float32 2 16 64 64 8 8 3 3 1 1 -1 1 taps", "a number is too small"),
            ("avx512 float32 \(sizes) taps taps", "nothing is expected after"),
            ("sse2 float32 \(sizes) taps", "the instruction set sse2 is unknown"),
            ("avx512 half \(sizes) taps", "the type half is unknown"),
            ("avx2 float64 \(sizes) columns # again", "an earlier line has the same case"),
        ])
    func malformed(_ line: String, _ reason: String) throws {
        let folder = try TemporaryFolder()
        let file = folder.path("table.txt")
        let text = "# a remark\n\navx2 float64 \(Self.sizes) taps\n\(line)\n"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let before = ConvolutionTable.checksum
        let error = #expect(throws: TorchError.self) { try ConvolutionTable.use(contentsOf: file) }
        let message = error?.message ?? ""
        #expect(message.contains("\(file), line 4: \(reason)"), "\(message)")
        #expect(message.contains("Found: \(line)"), "\(message)")
        #expect(ConvolutionTable.checksum == before && ConvolutionTable.name == "built-in")
    }

    @Test("a file that is not there is named, with how to write one")
    func missing() throws {
        let file = try TemporaryFolder().path("nowhere.txt")
        let error = #expect(throws: TorchError.self) { try ConvolutionTable.use(contentsOf: file) }
        #expect(error?.message.contains("the convolution table \(file) cannot be read") == true)
        #expect(error?.message.contains("lockstep tune --output \(file)") == true)
    }

    @Test(
        "every algorithm gives images with their channels last, also of images that have them first",
        .enabled(if: InstructionSet.current != .none), arguments: ConvolutionAlgorithm.allCases)
    func channelsLast(_ algorithm: ConvolutionAlgorithm) {
        let generator = Generator(seed: 1)
        let images = Tensor.randn([4, 3, 6, 5], generator: generator)
        let weight = Functional.tapMajor(Tensor.randn([8, 3, 3, 3], generator: generator))
        let output = algorithm.whileUsed { Functional.conv2d(images, weight: weight, padding: 1) }
        #expect(output.shape == [4, 8, 6, 5] && output.strides == [240, 1, 40, 8])
    }

    @Test(
        "an entry decides how a convolution of its sizes and threads is computed, and no other",
        .enabled(if: InstructionSet.current != .none), arguments: ["libtorch", "columns", "taps"])
    func entries(_ name: String) async {
        // The table is the whole process's.
        await #expect(processExitsWith: .success) { [name] in
            let algorithm = try #require(ConvolutionAlgorithm.allCases.first { $0.name == name })
            LibTorch.threadCount = 2
            /// Output and gradients of a convolution of images of this size.
            func numbers(image: Int) throws -> [[Float]] {
                let generator = Generator(seed: 1)
                let input = Tensor.randn([8, 32, image, image], generator: generator).requiringGrad()
                let weight = Functional.tapMajor(Tensor.randn([64, 32, 3, 3], generator: generator)).requiringGrad()
                let output = Functional.conv2d(input, weight: weight, padding: 1)
                try output.square().sum().backward()
                return try [output.detach(), #require(input.grad), #require(weight.grad)]
                    .map { $0.array(of: Float.self) }
            }
            let ruled = try numbers(image: 6)
            let expected = try ConvolutionAlgorithm.allCases.map { one in try one.whileUsed { try numbers(image: 5) } }
            #expect(expected[0] != expected[1] && expected[1] != expected[2] && expected[0] != expected[2])

            let folder = try TemporaryFolder()
            let file = folder.path("table.txt")
            let set = InstructionSet.current
            let text = """
                \(set) float32 2 8 32 64 5 5 3 3 1 1 1 1 \(name)
                \(set) float32 1 8 32 64 6 6 3 3 1 1 1 1 \(name)
                \(set) float64 2 8 32 64 6 6 3 3 1 1 1 1 \(name)
                """
            let builtIn = ConvolutionTable.checksum
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            try ConvolutionTable.use(contentsOf: file)
            #expect(ConvolutionTable.name == file)
            #expect(ConvolutionTable.checksum.count == 16 && ConvolutionTable.checksum != builtIn)
            #expect(try numbers(image: 5) == expected[Int(algorithm.rawValue)])
            #expect(try numbers(image: 6) == ruled)
        }
    }
}
