import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@testable import Checkpointing

@Suite("Bad PyTorch files are refused")
struct PyTorchRefusalTests {
    typealias Sample = PickleSample

    struct BadFile: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let code: PyTorchFileError.Code
        let words: [String]

        init(_ name: String, file bytes: [UInt8], _ code: PyTorchFileError.Code, _ words: String...) {
            testDescription = name
            self.bytes = bytes
            self.code = code
            self.words = words
        }

        init(_ name: String, _ value: [UInt8], _ code: PyTorchFileError.Code, _ words: String...) {
            testDescription = name
            bytes = Sample.file(Sample.pickle(value))
            self.code = code
            self.words = words
        }
    }

    /// One of what a tensor says about itself made wrong.
    private static let memory: [BadFile] = [
        BadFile("offset outside", Sample.tensor(offset: 1), .invalidTensor, "[2, 3]", "from element 1", "6 elements"),
        BadFile("offset at the end", Sample.tensor(offset: 6), .invalidTensor),
        BadFile("offset of 2^63 - 1", Sample.tensor(offset: .max), .invalidTensor),
        BadFile("negative offset", Sample.tensor(offset: -1), .invalidTensor),
        BadFile("strides outside", Sample.tensor(strides: [4, 1]), .invalidTensor, "strides [4, 1]"),
        BadFile("negative stride", Sample.tensor(strides: [-3, 1]), .invalidTensor),
        BadFile("too few strides", Sample.tensor(strides: [1]), .invalidTensor),
        BadFile("strides that overflow", Sample.tensor(strides: [.max, .max]), .invalidTensor),
        BadFile("shape larger than the memory", Sample.tensor(shape: [3, 3]), .invalidTensor),
        BadFile("negative size", Sample.tensor(shape: [-2, 3]), .invalidTensor),
        BadFile("shape that overflows", Sample.tensor(shape: [1 << 40, 1 << 40], strides: [0, 0]), .invalidTensor),
        BadFile(
            "overflow behind a zero", Sample.tensor(shape: [0, 1 << 40, 1 << 40], strides: [1, 1, 1]), .invalidTensor),
        BadFile(
            "65 dimensions",
            Sample.tensor(
                shape: [Int](repeating: 1, count: 65), strides: [Int](repeating: 1, count: 65)), .invalidTensor, "64"),
        BadFile("expanded without end", Sample.tensor(shape: [1 << 40], strides: [0]), .limitExceeded, "expanded"),
        BadFile("storage too short", Sample.tensor(count: 7), .damagedArchive, "24 bytes", "28"),
        BadFile("storage too long", Sample.tensor(count: 5), .damagedArchive, "24 bytes", "20"),
        BadFile("storage of a huge count", Sample.tensor(count: .max), .invalidPickle, "\(Int.max)"),
        BadFile("storage of a negative count", Sample.tensor(count: -1), .invalidPickle),
        BadFile("storage that is not there", Sample.tensor(key: "1"), .damagedArchive, "data/1"),
        BadFile("storage above the folder", Sample.tensor(key: "../data.pkl"), .damagedArchive),
        BadFile("complex elements", Sample.tensor(storage: "ComplexFloatStorage"), .unsupportedDType, "Complex"),
        BadFile("quantised elements", Sample.tensor(storage: "QUInt8Storage"), .unsupportedDType, "QUInt8"),
    ]

    private static let objects: [BadFile] = [
        BadFile(
            "a command", Sample.global("os", "system") + Sample.text("true") + [0x85] + Sample.code("R"),
            .refusedObject,
            "os.system", "state_dict()", "safetensors"),
        BadFile("posix", Sample.global("posix", "system"), .refusedObject, "posix.system"),
        BadFile("eval", Sample.global("builtins", "eval"), .refusedObject, "builtins.eval"),
        BadFile("a module", Sample.global("torch.nn.modules.linear", "Linear"), .refusedObject, "linear.Linear"),
        BadFile("a name with a dot", Sample.global("torch", "os.system"), .refusedObject, "torch.os.system"),
        BadFile(
            "a name by the stack", Sample.text("os") + Sample.text("system") + [0x93], .refusedObject, "os.system"),
        BadFile("a long name", Sample.global(String(repeating: "a", count: 500), "b"), .refusedObject),
        BadFile("a name without end", Sample.code("c" + String(repeating: "a", count: 5000)), .invalidPickle),
        BadFile("a set", Sample.code("\u{8F}"), .refusedObject, "instruction"),
        BadFile("a new object", Sample.global("torch", "Tensor") + [0x29, 0x81], .refusedObject, "0x81"),
        BadFile("an extension", [0x82, 1], .refusedObject, "0x82"),
        BadFile("a number in letters", Sample.code("I1\n"), .refusedObject, "0x49"),
        BadFile("a call of a string", Sample.text("a") + Sample.code(")R"), .refusedObject, "call"),
        BadFile("a class alone", Sample.global("collections", "OrderedDict"), .refusedObject, "OrderedDict"),
        BadFile(
            "a dictionary of pairs", Sample.global("collections", "OrderedDict") + Sample.code("]") + [0x85, 0x52],
            .refusedObject, "OrderedDict"),
        BadFile("an integer of 9 bytes", [0x8A, 9] + [UInt8](repeating: 1, count: 9), .refusedObject, "9 bytes"),
        BadFile("a key that is a float", Sample.code("}G\0\0\0\0\0\0\0\0Ns"), .refusedObject, "a float"),
        BadFile("attributes of a list", Sample.code("]}b"), .refusedObject, "a list"),
        BadFile(
            "a storage alone",
            Sample.code("(") + Sample.text("storage") + Sample.global("torch", "FloatStorage") + Sample.text("0")
                + Sample.text("cpu") + Sample.integer(6) + Sample.code("tQ"), .refusedObject, "storage"),
    ]

    private static let pickles: [BadFile] = [
        BadFile("nothing", [], .invalidPickle),
        BadFile("two values", Sample.code("NN"), .invalidPickle),
        BadFile("an open mark", Sample.code("N("), .invalidPickle),
        BadFile("no mark", Sample.code("Nt"), .invalidPickle, "mark"),
        BadFile("more taken than there is", Sample.code("N") + [0x87], .invalidPickle),
        BadFile("taken from below a mark", Sample.code("NN(") + [0x86], .invalidPickle),
        BadFile("a memory that is empty", Sample.code("h\u{7}"), .invalidPickle, "7"),
        BadFile("nothing to remember", Sample.code("q\u{0}"), .invalidPickle),
        BadFile("an odd number of items", Sample.code("}(NNNu"), .invalidPickle),
        BadFile("an item of a list", Sample.code("]NNs"), .invalidPickle),
        BadFile("appended to a dictionary", Sample.code("}Na"), .invalidPickle),
        BadFile("a text of 4 GiB", Sample.code("X\u{7F}\u{7F}\u{7F}\u{7F}"), .invalidPickle, "in the middle"),
        BadFile("bytes of 2^63", [0x8E, 0, 0, 0, 0, 0, 0, 0, 0x80], .invalidPickle),
        BadFile("text that is not UTF-8", [0x8C, 1, 0xFF], .invalidPickle, "UTF-8"),
        BadFile("protocol 9", [0x80, 9] + Sample.code("N"), .invalidPickle, "protocol 9"),
        BadFile("a file other than a storage", Sample.text("a") + Sample.code("Q"), .invalidPickle),
        BadFile("bytes after the end", Sample.code("N.N"), .invalidPickle),
        BadFile(
            "two equal keys", Sample.dictionary(Sample.text("a"), [0x4E], Sample.text("a"), [0x4E]), .duplicateName),
        BadFile(
            "a name that is joined to another",
            Sample.dictionary(
                Sample.text("a.b"), [0x4E], Sample.text("a"), Sample.dictionary(Sample.text("b"), Sample.tensor())),
            .duplicateName, "a.b"),
    ]

    /// Files that say little and mean much.
    private static let large: [BadFile] = [
        BadFile(
            "a hundred thousand lists in each other", many("]", 100_000) + many("a", 99_999), .limitExceeded, "deep"),
        BadFile("a list in itself", Sample.code("]q\u{0}h\u{0}a"), .limitExceeded, "itself"),
        BadFile("millions of marks", many("(", 3_000_000), .limitExceeded, "marks"),
        BadFile("millions of values", many("}", 3_000_000), .limitExceeded, "values"),
        BadFile("lists that double forty times", doubled(40), .limitExceeded, "twice"),
        BadFile(
            "a tensor under a million names",
            Sample.code("](")
                + Sample.tensor(shape: [Int](repeating: 1, count: 64), strides: [Int](repeating: 1, count: 64))
                + Sample.code("q\u{5}") + (0..<1_000_000).flatMap { _ in [0x68, 5] as [UInt8] } + Sample.code("e"),
            .limitExceeded, "twice"),
        BadFile("tensors that are made anew 700,000 times", madeAnew(700_000), .limitExceeded, "values"),
        BadFile(
            "twenty tensors in the memory of one",
            file: Sample.file(
                Sample.pickle(
                    Sample.code("](")
                        + (0..<20).flatMap { Sample.tensor(count: 10_000, shape: [1, 10_000], strides: [$0, 1]) }
                        + Sample.code("e")),
                storages: [many("\0", 40_000)]), .limitExceeded, "twice", "overlap"),
    ]

    private static func many(_ character: Unicode.Scalar, _ count: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(character.value), count: count)
    }

    /// A list of tensors of 64 dimensions, made of the same arguments again and again.
    private static func madeAnew(_ count: Int) -> [UInt8] {
        let ones = [Int](repeating: 1, count: 64)
        // The function and its arguments are remembered, in place of the call that ends a tensor.
        let tensor = Array(Sample.tensor(shape: ones, strides: ones).dropLast())
        let function = Sample.global("torch._utils", "_rebuild_tensor_v2")
        return Sample.code("](") + function + Sample.code("q\u{1}") + tensor.dropFirst(function.count)
            + Sample.code("q\u{2}R") + (0..<count).flatMap { _ in [0x68, 1, 0x68, 2, 0x52] as [UInt8] }
            + Sample.code("e")
    }

    /// A pair of two pairs of two pairs, all of them the same.
    private static func doubled(_ times: UInt8) -> [UInt8] {
        Sample.code("]") + (0..<times).flatMap { [0x71, $0, 0x68, $0, 0x86] }
    }

    @Test(
        "the error names the file, what is wrong, and what to do",
        arguments: memory + objects + pickles + large)
    func refusal(_ file: BadFile) throws {
        let start = ContinuousClock.now
        let error = try #require(throws: PyTorchFileError.self) { _ = try Sample.load(file.bytes) }
        #expect(error.code == file.code, "\(error)")
        #expect(error.message.hasPrefix("sample.pth"))
        for word in file.words { #expect(error.message.contains(word), "\(error)") }
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("the tensor that the bad ones are made from is read")
    func good() throws {
        let contents = try Sample.load(Sample.file(Sample.pickle(Sample.dictionary(Sample.text("a"), Sample.tensor()))))
        #expect(contents.tensors["a"]?.difference(from: [[0.0, 1, 2], [3, 4, 5]]) == nil)
        #expect(contents.tensors.count == 1 && contents.values.isEmpty)
    }
}
