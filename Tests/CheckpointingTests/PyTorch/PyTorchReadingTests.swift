import Checkpointing
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@Suite(
    "Files that PyTorch wrote are read",
    .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)))
struct PyTorchReadingTests {
    /// A tensor as Python describes it.
    private struct Described: Codable, Equatable {
        var name: String
        var dtype: String
        var shape: [Int]
        var bytes: [UInt8]
    }

    /// What a Python expression is saved as: by the options of `torch.save`, with what it should be read as.
    private func check(
        _ value: String, setup: String = "", tensors: String = "value", options: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> PyTorchFile.Contents {
        try withTemporaryFolder { folder in
            let path = "\(folder)/saved by PyTorch.pth"
            let script = """
                import collections, json, sys, torch
                \(setup)
                value = \(value)
                torch.save(value, sys.argv[1]\(options.isEmpty ? "" : ", \(options)"))
                print(json.dumps([
                    {"name": name, "dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape),
                     "bytes": list(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())}
                    for name, tensor in (\(tensors)).items()]))
                """
            let output = try PyTorchPython.run(script, arguments: [path])
            let expected = try JSONDecoder().decode([Described].self, from: Data(output.utf8))
            let contents = try PyTorchFile.load(from: path)
            let found = contents.tensors.map { name, tensor in
                #expect(tensor.isContiguous && !tensor.requiresGrad, sourceLocation: sourceLocation)
                return Described(
                    name: name, dtype: "\(tensor.dtype)", shape: tensor.shape,
                    bytes: tensor.withUnsafeBytes { Array($0) })
            }
            #expect(found == expected, sourceLocation: sourceLocation)
            return contents
        }
    }

    private static let network = """
        torch.manual_seed(1)
        network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU())
        """

    @Test("a module's state, its versions passed over, in each protocol", arguments: [2, 3, 4, 5])
    func states(_ version: Int) throws {
        let contents = try check(
            "network.state_dict()", setup: Self.network, options: "pickle_protocol=\(version)")
        #expect(
            Array(contents.tensors.keys) == [
                "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
            ])
        #expect(contents.values.isEmpty)
    }

    @Test("tensors of all types")
    func types() throws {
        let names = DType.allCases.map { "\"\($0)\"" }.joined(separator: ", ")
        let contents = try check(
            "{name: torch.arange(-7, 8).to(getattr(torch, name)).reshape(3, 5) for name in [\(names)]}")
        #expect(contents.tensors.map { "\($0.value.dtype)" } == DType.allCases.map { "\($0)" })
    }

    @Test("views, parts, permutations, empty ones and scalars")
    func views() throws {
        _ = try check(
            """
            {"table": table, "row": table[3], "column": table[:, 1], "transposed": table.t(), "part": table[1:3, ::2],
             "expanded": torch.tensor(7).expand(2, 3), "rows": table[:1].expand(4, 4), "scalar": torch.tensor(2.5),
             "empty": torch.ones(0, 3), "left": table[5:], "permuted": cube.permute(2, 0, 1),
             "last": images.to(memory_format=torch.channels_last), "bytes": cube.to(torch.int8).transpose(0, 2),
             "doubles": cube.double().transpose(1, 2), "halves": cube.half()[:, ::2], "one": table[2:3, 2:3],
             "window": table.reshape(-1).unfold(0, 3, 2)}
            """,
            setup: """
                table = torch.arange(20.0).reshape(5, 4)
                cube = torch.arange(24).reshape(2, 3, 4)
                images = torch.arange(96.0).reshape(2, 3, 4, 4)
                """)
    }

    @Test("one tensor under two names is one tensor again, and others have memory of their own")
    func sharing() throws {
        let tensors = try check(
            #"{"embedding": table, "head": table, "part": table[1], "copy": table.clone()}"#,
            setup: "table = torch.arange(6.0).reshape(2, 3)"
        ).tensors
        let (embedding, head) = try (#require(tensors["embedding"]), #require(tensors["head"]))
        #expect(embedding === head)
        #expect(try !#require(tensors["part"]).sharesStorage(with: embedding))
        #expect(try !#require(tensors["copy"]).sharesStorage(with: embedding))
    }

    @Test("parameters, and tensors with attributes, are plain tensors")
    func parameters() throws {
        _ = try check(
            #"{"parameter": network[0].weight, "marked": marked, "buffer": torch.nn.Buffer(torch.ones(2))}"#,
            setup: Self.network + "\nmarked = torch.nn.Parameter(torch.ones(2)); marked.note = 3")
    }

    @Test("a nested checkpoint, its names joined by dots, in each protocol", arguments: [2, 4, 5])
    func checkpoints(_ version: Int) throws {
        let contents = try check(
            """
            {"model": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "best": 0.25,
             "name": "größe", "done": False, "nothing": None, "size": torch.Size([2, 3]), "dtype": torch.float16,
             "key": b"\\x00\\xff", "none": b"", "array": bytearray(b"ab"), "seed": -2**40, "limits": [2**63 - 1, -2**63],
             "counts": collections.Counter("aab"), "device": torch.device("cpu"), "list": [[torch.ones(2)], ()], 7: 8}
            """,
            setup: Self.network + """

                optimizer = torch.optim.Adam(network.parameters())
                network(torch.ones(1, 1, 4, 4)).sum().backward()
                optimizer.step()
                """,
            tensors: """
                {**{"model." + k: v for k, v in value["model"].items()},
                 **{f"optimizer.state.{i}.{k}": v for i, s in value["optimizer"]["state"].items() for k, v in s.items()},
                 "list.0.0": value["list"][0][0]}
                """,
            options: "pickle_protocol=\(version)")
        let expected: [String: PyTorchFile.Value] = [
            "epoch": .integer(3), "best": .real(0.25), "name": .text("größe"), "done": .bool(false), "nothing": .none,
            "size.0": .integer(2), "size.1": .integer(3), "dtype": .text("torch.float16"), "key": .bytes([0, 255]),
            "none": .bytes([]), "array": .bytes([97, 98]), "seed": .integer(-1 << 40), "limits.0": .integer(.max),
            "limits.1": .integer(.min), "counts.a": .integer(2), "counts.b": .integer(1), "device": .text("cpu"),
            "7": .integer(8), "optimizer.param_groups.0.lr": .real(1e-3),
            "optimizer.param_groups.0.betas.1": .real(0.999), "optimizer.param_groups.0.params.3": .integer(3),
            "optimizer.param_groups.0.amsgrad": .bool(false),
        ]
        for (name, value) in expected { #expect(contents.values[name] == value, "\(name)") }
        #expect(Array(contents.tensors(under: "model").keys.prefix(2)) == ["0.weight", "0.bias"])
        #expect(contents.tensors(under: "optimizer.state.0")["exp_avg"]?.shape == [2, 1, 3, 3])
        #expect(contents.tensors(under: "mod").isEmpty)
    }

    @Test("a tensor, a list of tensors, and nothing")
    func roots() throws {
        _ = try check("torch.arange(3)", tensors: "{\"\": value}")
        _ = try check("[torch.arange(3), torch.ones(2)]", tensors: "{\"0\": value[0], \"1\": value[1]}")
        _ = try check("{}")
    }

    @Test("more tensors than one batch of the pickle holds, and more than a memo of one byte")
    func manyTensors() throws {
        _ = try check("{f\"layers.{i}.weight\": torch.full((i % 3,), i) for i in range(2500)}")
    }

    @Test("what is neither tensor nor plain is refused by its name")
    func refusals() throws {
        let refused: [(value: String, code: PyTorchFileError.Code, words: [String])] = [
            ("network", .refusedObject, ["torch.nn.modules.container.Sequential", "state_dict()"]),
            ("torch.ones(2).to_sparse()", .refusedObject, ["_rebuild_sparse_tensor"]),
            ("torch.ones(2, device=\"meta\")", .refusedObject, ["meta"]),
            ("torch.view_as_complex(torch.ones(2, 2)).conj().imag", .refusedObject, ["resolve_neg"]),
            ("torch.ones(2, dtype=torch.complex64)", .unsupportedDType, ["ComplexFloatStorage"]),
            ("torch.ones(2, dtype=torch.uint16)", .unsupportedDType, ["torch.uint16"]),
            ("torch.ones(2, dtype=torch.float8_e4m3fn)", .unsupportedDType, ["torch.float8_e4m3fn"]),
            ("torch.ones(2).untyped_storage()", .refusedObject, ["storage"]),
            ("{1, 2}", .refusedObject, ["builtin", "set"]),
            ("1j", .refusedObject, ["complex"]),
            ("2**80", .refusedObject, ["integer"]),
            ("argparse.Namespace(rate=1)", .refusedObject, ["argparse.Namespace"]),
            ("Attack()", .refusedObject, ["system"]),
        ]
        try withTemporaryFolder { folder in
            let script = """
                import argparse, os, sys, torch
                class Attack:
                    def __reduce__(self): return (os.system, ("touch " + sys.argv[1] + "/harm",))
                \(Self.network)
                values = [\(refused.map(\.value).joined(separator: ", "))]
                for number, value in enumerate(values): torch.save(value, f"{sys.argv[1]}/{number}.pth")
                torch.save({"a": torch.ones(2)}, sys.argv[1] + "/old.pth", _use_new_zipfile_serialization=False)
                torch.jit.save(torch.jit.script(network), sys.argv[1] + "/script.pth")
                torch.serialization.set_crc32_options(False)
                torch.save({"a": torch.ones(2)}, sys.argv[1] + "/unchecked.pth")
                """
            _ = try PyTorchPython.run(script, arguments: [folder])
            let files =
                refused.enumerated().map { ("\($0).pth", $1.code, $1.words) }
                + [
                    ("old.pth", .unsupportedFormat, ["1.6"]), ("script.pth", .unsupportedFormat, ["TorchScript"]),
                    ("unchecked.pth", .wrongChecksum, ["set_crc32_options"]),
                ]
            for (name, code, words) in files {
                let error = try #require(throws: PyTorchFileError.self, "\(name)") {
                    try PyTorchFile.load(from: "\(folder)/\(name)")
                }
                #expect(error.code == code, "\(error)")
                for word in words + ["\(folder)/\(name)"] { #expect(error.message.contains(word), "\(error)") }
            }
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/harm"))
        }
    }
}
