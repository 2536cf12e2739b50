import Checkpointing
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@Suite("Weights of either kind of file")
struct WeightsTests {
    enum Kind: CaseIterable {
        case safetensors, pyTorch

        func save(_ state: StateDictionary, to path: String) throws {
            switch self {
            case .safetensors: try Safetensors.save(state, to: path)
            case .pyTorch: try PyTorchFile.save(state, to: path)
            }
        }
    }

    private let state: StateDictionary = ["conv.weight": Tensor([1, 2]), "conv.bias": Tensor([3])]

    private func prefixed(_ state: StateDictionary, _ prefix: String) -> StateDictionary {
        StateDictionary(uniqueKeysWithValues: state.map { ("\(prefix)\($0)", $1) })
    }

    @Test("the kind is found out from the content, whatever the name", arguments: Kind.allCases)
    func kinds(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            for name in ["model.pth", "model.safetensors", "model"] {
                try kind.save(state, to: "\(folder)/\(name)")
                let found = try Weights.load(from: "\(folder)/\(name)")
                #expect(Set(found.tensors.keys) == ["conv.weight", "conv.bias"] && found.notices.isEmpty)
                #expect(found.tensors["conv.weight"]?.difference(from: Tensor([1, 2])) == nil)
            }
        }
    }

    @Test("`module.` in front of all names is taken off, and a notice says so", arguments: Kind.allCases)
    func distributedPrefix(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/model"
            try kind.save(prefixed(state, "module."), to: path)
            let found = try Weights.load(from: path)
            #expect(Set(found.tensors.keys) == ["conv.weight", "conv.bias"])
            #expect(found.notices.count == 1)
            #expect(found.notices.first?.contains("`module.`") == true && found.notices.first?.contains(path) == true)
            let kept = try Weights.load(from: path, keepingModulePrefix: true)
            #expect(Set(kept.tensors.keys) == ["module.conv.weight", "module.conv.bias"] && kept.notices.isEmpty)
        }
    }

    @Test("`module.` in front of some names is part of them", arguments: Kind.allCases)
    func partialPrefix(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/model"
            var state = prefixed(self.state, "module.")
            state["modules"] = Tensor([1])
            try kind.save(state, to: path)
            let found = try Weights.load(from: path)
            #expect(Set(found.tensors.keys) == Set(state.keys) && found.notices.isEmpty)
        }
    }

    @Test("the weights may be under a name, with the prefix inside", arguments: Kind.allCases)
    func parts(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/model"
            var state = prefixed(self.state, "model.module.")
            state["optimizer.0"] = Tensor([1])
            try kind.save(state, to: path)
            let found = try Weights.load(from: path, under: "model")
            #expect(Set(found.tensors.keys) == ["conv.weight", "conv.bias"] && found.notices.count == 1)
            let error = try #require(throws: PyTorchFileError.self) { try Weights.load(from: path, under: "ema") }
            #expect(error.code == .noSuchEntry)
            for word in [path, "\"ema\"", "\"model\"", "\"optimizer\""] { #expect(error.message.contains(word)) }
        }
    }

    @Test("a file of no known kind is refused with its name")
    func unknown() throws {
        try withTemporaryFolder { folder in
            for (name, content) in [("empty", ""), ("page", "<!DOCTYPE html><html>"), ("text", "weights")] {
                let path = "\(folder)/\(name)"
                try Data(content.utf8).write(to: URL(fileURLWithPath: path))
                let error = try #require(throws: SafetensorsError.self) { try Weights.load(from: path) }
                #expect(error.message.contains(path))
            }
            try Data([0x80, 4, 0x95]).write(to: URL(fileURLWithPath: "\(folder)/pickle"))
            let error = try #require(throws: PyTorchFileError.self) { try Weights.load(from: "\(folder)/pickle") }
            #expect(error.code == .unsupportedFormat)
        }
    }

    @Test("the names without the prefix keep their order")
    func order() {
        #expect(Array(prefixed(state, "module.").removingDistributedPrefix().keys) == Array(state.keys))
        #expect(Array(state.removingDistributedPrefix().keys) == Array(state.keys))
        #expect(!StateDictionary().hasDistributedPrefix)
    }
}
