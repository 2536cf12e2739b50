import Checkpointing
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchNN
import TorchVision

@Suite("Weights of torchvision's residual networks")
struct TorchvisionWeightsTests {
    /// The names, shapes and types of a state of torchvision, as `resnet.json` has them.
    private struct Layouts: Decodable {
        struct Entry: Decodable, Equatable {
            let name: String
            let shape: [Int]
            let dtype: String
        }

        let models: [String: [Entry]]
    }

    @Test("the states have torchvision's names, shapes and types, in its order")
    func names() throws {
        let path = try fixtureFolder(near: #filePath) + "/resnet.json"
        let layouts = try JSONDecoder().decode(Layouts.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        let own = ["resnet18": ResNet.resnet18(numClasses: 10), "resnet34": ResNet.resnet34(numClasses: 10)]
        #expect(Set(layouts.models.keys) == Set(own.keys))
        for (name, network) in own {
            let entries = network.stateDictionary().map {
                Layouts.Entry(name: $0, shape: $1.shape, dtype: "\($1.dtype)")
            }
            #expect(entries == layouts.models[name], "\(name)")
        }
    }

    /// torchvision's models without its compiled operators, which need not match the torch beside them.
    private static let torchvision = """
        import sys, types, torch
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
        from torchvision.models import resnet18
        torch.set_num_threads(1)
        folder = sys.argv[1]
        """

    private func agree(_ output: Tensor, _ path: String) throws {
        let expected = try #require(try PyTorchFile.load(from: path).tensors[""])
        #expect(output.detach().difference(from: expected, relative: 1e-5, absolute: 1e-5) == nil)
    }

    @Test(
        "torchvision's resnet18 gives its outputs here, also from DDP, and from a checkpoint",
        .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)))
    func fromTorchvision() throws {
        let script = """
            \(Self.torchvision)
            torch.manual_seed(0)
            model = resnet18(num_classes=10)
            images = torch.randn(4, 3, 64, 64)
            model(images)  # statistics other than the first ones
            state = model.state_dict()
            torch.save(state, folder + "/plain.pth")
            torch.save({"module." + name: tensor for name, tensor in state.items()}, folder + "/ddp.pth")
            torch.save({"model": state, "epoch": 3}, folder + "/checkpoint.pth")
            torch.save(images, folder + "/images.pth")
            torch.save(model.eval()(images).detach(), folder + "/outputs.pth")
            """
        try withTemporaryFolder { folder in
            _ = try PyTorchPython.run(script, arguments: [folder])
            let images = try #require(try PyTorchFile.load(from: "\(folder)/images.pth").tensors[""])
            for (name, part) in [("plain", nil), ("ddp", nil), ("checkpoint", "model")] {
                let network = ResNet.resnet18(numClasses: 10, generator: Generator(seed: 5))
                let weights = try Weights.load(from: "\(folder)/\(name).pth", under: part)
                #expect(weights.notices.isEmpty == (name != "ddp"))
                try network.load(weights.tensors)
                network.eval()
                try agree(withoutGradients { network(images) }, "\(folder)/outputs.pth")
            }
        }
    }

    @Test(
        "a resnet18 from here gives its outputs in torchvision, from either kind of file",
        .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)))
    func toTorchvision() throws {
        let network = ResNet.resnet18(numClasses: 10, generator: Generator(seed: 6))
        let images = Tensor.randn([4, 3, 64, 64], generator: Generator(seed: 7))
        _ = withoutGradients { network(images) }
        network.eval()
        let script = """
            \(Self.torchvision)
            from safetensors.torch import load_file
            images = torch.load(folder + "/images.pth", weights_only=True)["images"]
            for kind, state in [("pth", torch.load(folder + "/model.pth", weights_only=True)),
                                ("safetensors", load_file(folder + "/model.safetensors"))]:
                model = resnet18(num_classes=10)
                print(model.load_state_dict(state, strict=True))
                torch.save(model.eval()(images).detach(), folder + "/outputs-" + kind)
            """
        try withTemporaryFolder { folder in
            try PyTorchFile.save(["images": images], to: "\(folder)/images.pth")
            try PyTorchFile.save(network.stateDictionary(), to: "\(folder)/model.pth")
            try Safetensors.save(network.stateDictionary(), to: "\(folder)/model.safetensors")
            let printed = try PyTorchPython.run(script, arguments: [folder])
            #expect(printed == String(repeating: "<All keys matched successfully>\n", count: 2))
            let outputs = withoutGradients { network(images) }
            for kind in ["pth", "safetensors"] { try agree(outputs, "\(folder)/outputs-\(kind)") }
        }
    }
}
