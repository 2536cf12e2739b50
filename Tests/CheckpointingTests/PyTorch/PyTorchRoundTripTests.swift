import Checkpointing
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@Suite("Files written as PyTorch's are read again")
struct PyTorchRoundTripTests {
    @Test("names, types, shapes and elements come back", arguments: PyTorchSample.allCases)
    func roundTrip(_ sample: PyTorchSample) throws {
        let state = sample.state
        try withTemporaryFolder { folder in
            try PyTorchFile.save(state, to: "\(folder)/model.pth")
            let found = try PyTorchFile.load(from: "\(folder)/model.pth")
            #expect(found.values.isEmpty && Array(found.tensors.keys) == Array(state.keys))
            for (name, tensor) in state {
                let difference = try #require(found.tensors[name]).difference(from: tensor.detach())
                #expect(difference == nil, "\(name)")
            }
        }
    }
}
