import Checkpointing
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@Suite(
    "PyTorch reads the files that are written in its format",
    .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)))
struct PyTorchLoadingTests {
    /// A tensor as Python describes it.
    private struct Described: Codable, Equatable {
        var name: String
        var dtype: String
        var shape: [Int]
        var isPlain = true
        var bytes: Int
    }

    @Test(
        "names in order, types, shapes and bytes come out, read, mapped, and with computed offsets",
        arguments: PyTorchSample.allCases)
    func loading(_ sample: PyTorchSample) throws {
        let state = sample.state
        try withTemporaryFolder { folder in
            try PyTorchFile.save(state, to: "\(folder)/model.pth")
            let script = """
                import collections, json, sys, torch
                from torch.utils.serialization import config
                found = []
                for kind, offsets in [("read", False), ("mapped", False), ("computed", True)]:
                    config.load.calculate_storage_offsets = offsets
                    state = torch.load(sys.argv[1] + "/model.pth", weights_only=True, mmap=kind != "read")
                    assert type(state) is collections.OrderedDict
                    items = []
                    with open(sys.argv[1] + "/" + kind, "wb") as file:
                        for name, tensor in state.items():
                            count = file.write(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
                            plain = (type(tensor) is torch.Tensor and not tensor.requires_grad
                                     and tensor.is_contiguous() and tensor.device.type == "cpu")
                            items.append({"name": name, "dtype": str(tensor.dtype), "shape": list(tensor.shape),
                                          "isPlain": plain, "bytes": count})
                    found.append(items)
                print(json.dumps(found))
                """
            let output = try PyTorchPython.run(script, arguments: [folder])
            let found = try JSONDecoder().decode([[Described]].self, from: Data(output.utf8))
            let expected = state.map { name, tensor in
                Described(
                    name: name, dtype: "torch.\(tensor.dtype)", shape: tensor.shape,
                    bytes: tensor.count * tensor.dtype.byteCount)
            }
            #expect(found == [expected, expected, expected])
            let bytes = state.values.reduce(into: Data()) { data, tensor in
                tensor.detach().contiguous().withUnsafeBytes { data.append(contentsOf: $0) }
            }
            for kind in ["read", "mapped", "computed"] {
                let read = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(kind)"))
                #expect(read == bytes, "\(kind)")
            }
        }
    }

    @Test("PyTorch writes what it read with the same bytes, but for the digest of names")
    func sameBytes() throws {
        try withTemporaryFolder { folder in
            let paths = PyTorchSample.allCases.map { "\(folder)/\($0).pth" }
            for (sample, path) in zip(PyTorchSample.allCases, paths) { try PyTorchFile.save(sample.state, to: path) }
            let script = """
                import io, struct, sys, torch, zipfile
                def masked(data):
                    archive = zipfile.ZipFile(io.BytesIO(data))
                    record = archive.getinfo("archive/.data/serialization_id")
                    digest = archive.read(record)
                    assert len(digest) == 40 and digest.isdigit()
                    return data.replace(digest[:20], b"-").replace(struct.pack("<I", record.CRC), b"-")
                for path in sys.argv[1:]:
                    theirs = io.BytesIO()
                    torch.save(torch.load(path, weights_only=True), theirs)
                    print(masked(open(path, "rb").read()) == masked(theirs.getvalue()))
                """
            let expected = String(repeating: "True\n", count: paths.count)
            #expect(try PyTorchPython.run(script, arguments: paths) == expected)
        }
    }

    @Test("tensors that had memory in common have it in common again, written once")
    func sharing() throws {
        try withTemporaryFolder { folder in
            try PyTorchFile.save(PyTorchSample.shared.state, to: "\(folder)/model.pth")
            let script = """
                import sys, torch
                storages = []
                for name, tensor in torch.load(sys.argv[1], weights_only=True).items():
                    storage = tensor.untyped_storage()
                    if storage._cdata not in storages: storages.append(storage._cdata)
                    print(name, storages.index(storage._cdata), tensor.storage_offset(), storage.nbytes())
                """
            let expected = """
                rows 0 8 160
                embedding 0 0 160
                head 0 0 160
                other 1 0 160
                front 2 0 96
                back 2 4 96
                transposed 3 0 24
                again 3 0 24
                left 4 0 0

                """
            #expect(try PyTorchPython.run(script, arguments: ["\(folder)/model.pth"]) == expected)
        }
    }

    @Test("the archive is sound in the eyes of Python's zipfile")
    func zipfile() throws {
        try withTemporaryFolder { folder in
            try PyTorchFile.save(PyTorchSample.everything.state, to: "\(folder)/model.pth")
            let script = """
                import sys, zipfile
                with zipfile.ZipFile(sys.argv[1]) as archive: print(archive.testzip(), len(archive.namelist()))
                zipfile.main(["-t", sys.argv[1]])
                """
            let records = PyTorchSample.everything.state.count + 6
            #expect(
                try PyTorchPython.run(script, arguments: ["\(folder)/model.pth"])
                    == "None \(records)\nDone testing\n")
        }
    }

    @Test("a module of PyTorch takes the state over with nothing missing and nothing left")
    func strictModule() throws {
        let state: StateDictionary = [
            "0.weight": PyTorchSample.tensor([2, 1, 3, 3], .float32), "0.bias": PyTorchSample.tensor([2], .float32),
            "1.weight": PyTorchSample.tensor([2], .float32), "1.bias": PyTorchSample.tensor([2], .float32),
            "1.running_mean": PyTorchSample.tensor([2], .float32), "1.running_var": Tensor.ones([2]),
            "1.num_batches_tracked": Tensor(5), "3.weight": PyTorchSample.tensor([4, 8], .float32),
            "3.bias": PyTorchSample.tensor([4], .float32),
        ]
        try withTemporaryFolder { folder in
            try PyTorchFile.save(state, to: "\(folder)/model.pth")
            let script = """
                import sys, torch
                from torch import nn
                module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 4))
                state = torch.load(sys.argv[1], weights_only=True)
                print(module.load_state_dict(state, strict=True))
                own = module.state_dict()
                print(list(own) == list(state), all(torch.equal(own[name], state[name]) for name in own))
                print(module.eval()(torch.ones(3, 1, 4, 4)).shape, own["1.num_batches_tracked"].item())
                """
            #expect(
                try PyTorchPython.run(script, arguments: ["\(folder)/model.pth"]) == """
                    <All keys matched successfully>
                    True True
                    torch.Size([3, 4]) 5

                    """)
        }
    }
}
