import Checkpointing
import Testing
import Torch

@Suite("Tensors are read from safetensors files by name")
struct SafetensorsTensorTests {
    private static let header = #"""
        {"w":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]},
        "odd":{"dtype":"U16","shape":[1],"data_offsets":[6,8]}}
        """#

    @Test("a tensor has its shape, type and elements")
    func read() throws {
        let file = try SafetensorsFile(bytes: SafetensorsSample.file(Self.header, data: 8))
        let tensor = try file.tensor(named: "w")
        #expect(tensor.shape == [2, 3])
        #expect(tensor.dtype == .uint8)
        #expect(tensor.array(of: UInt8.self) == [0, 1, 2, 3, 4, 5])
    }

    @Test(
        "a tensor that is missing, or of a type that tensors cannot have, is named",
        arguments: [("missing", .noSuchTensor), ("odd", .unknownDType)] as [(String, SafetensorsError.Code)])
    func refused(_ name: String, _ code: SafetensorsError.Code) throws {
        let file = try SafetensorsFile(bytes: SafetensorsSample.file(Self.header, data: 8))
        let error = try #require(throws: SafetensorsError.self) { try file.tensor(named: name) }
        #expect(error.code == code)
        #expect(error.tensor == name)
        #expect(error.message.contains(name))
    }

    @Test("two names that are the same text in other bytes are refused, as a state has only one of them")
    func sameText() throws {
        let entries = [SafetensorsSample.bytes("\u{E9}", 0, 4), SafetensorsSample.bytes("e\u{301}", 4, 8)]
        let folder = try SafetensorsFolder()
        let path = try folder.place(
            SafetensorsSample.file("{\(entries.joined(separator: ","))}", data: 8), as: "names.safetensors")
        let error = try #require(throws: SafetensorsError.self) { try Safetensors.load(from: path) }
        #expect(error.code == .duplicateKey && error.message.contains(path))
    }
}
