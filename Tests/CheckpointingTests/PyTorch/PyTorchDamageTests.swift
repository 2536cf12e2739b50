import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@testable import Checkpointing

@Suite("Damaged PyTorch files")
struct PyTorchDamageTests {
    private let state: StateDictionary = [
        "weight": PyTorchSample.tensor([40, 30], .float32), "bias": PyTorchSample.tensor([40], .float64),
        "steps": Tensor(7),
    ]

    private func file() throws -> [UInt8] {
        try withTemporaryFolder { folder in
            try PyTorchFile.save(state, to: "\(folder)/model.pth")
            return try Array(Data(contentsOf: URL(fileURLWithPath: "\(folder)/model.pth")))
        }
    }

    @Test("cut off at any percent, a file is refused by its name")
    func truncation() throws {
        let bytes = try file()
        for percent in 0..<100 {
            let error = try #require(throws: PyTorchFileError.self, "\(percent) %") {
                try PickleSample.load(Array(bytes.prefix(bytes.count * percent / 100)))
            }
            #expect(error.message.contains("sample.pth") && error.code == .truncated, "\(error)")
        }
    }

    @Test("with a bit flipped at any percent, a file is refused by its name, or gives what was written")
    func flips() throws {
        let bytes = try file()
        var refused = 0
        for percent in 0..<100 {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[bytes.count * percent / 100] ^= 1 << bit
                do {
                    let found = try PickleSample.load(damaged)
                    #expect(Array(found.tensors.keys) == Array(state.keys) && found.values.isEmpty)
                    for (name, tensor) in state {
                        let same = try #require(found.tensors[name])
                        #expect(same.dtype == tensor.dtype && same.difference(from: tensor) == nil, "\(percent) %")
                    }
                } catch let error as PyTorchFileError {
                    #expect(error.message.contains("sample.pth"))
                    refused += 1
                }
            }
        }
        #expect(refused > 600, "most of this file is tensors")
    }
}
