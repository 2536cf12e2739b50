import Foundation
import OrderedCollections
import Testing
import Torch

@testable import Checkpointing

@Suite("Pickles are those of Python's own pickler")
struct PickleWriterTests {
    // From `pickle.dumps(number, 2)`.
    @Test(
        "integers have the shortest form",
        arguments: [
            (0, "4b00"), (255, "4bff"), (256, "4d0001"), (65535, "4dffff"), (65536, "4a00000100"),
            (2_147_483_647, "4affffff7f"), (2_147_483_648, "8a050000008000"), (4_294_967_295, "8a05ffffffff00"),
            (4_294_967_296, "8a050000000001"), (549_755_813_887, "8a05ffffffff7f"),
            (549_755_813_888, "8a06000000008000"), (.max, "8a08ffffffffffffff7f"), (-1, "4affffffff"),
            (-2_147_483_648, "4a00000080"), (-2_147_483_649, "8a05ffffff7fff"), (-549_755_813_888, "8a050000000080"),
            (.min, "8a080000000000000080"),
        ] as [(Int, String)])
    func integers(_ number: Int, _ expected: String) {
        var writer = PickleWriter()
        writer.integer(number)
        #expect(writer.bytes.map { String(format: "%02x", $0) }.joined() == "8002" + expected)
    }

    @Test("tensors are described byte for byte as PyTorch describes them")
    func tensors() throws {
        let weight = Tensor(copying: [Float(1), 2, 3], shape: [1, 3])
        let state: StateDictionary = [
            "layer.weight": weight, "head": weight.detach(), "größe": Tensor.zeros([0, 300]),
            "n": Tensor(true), "layer.mask": Tensor.zeros([1, 2, 1, 70_000], dtype: .bfloat16),
        ]
        let expected = try #require(Data(base64Encoded: Self.fromPyTorch))
        let bytes = PyTorchPickle.bytes(of: state, in: PyTorchStorages(Array(state.values)))
        withExtendedLifetime(state) { #expect(Data(bytes) == expected) }
    }

    /// The file `data.pkl` of what `torch.save` of PyTorch 2.13 makes of the same state.
    static let fromPyTorch =
        "gAJjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQApUnEBKFgMAAAAbGF5ZXIud2VpZ2h0cQJjdG9yY2guX3V0aWxzCl9yZWJ1aWxk"
        + "X3RlbnNvcl92MgpxAygoWAcAAABzdG9yYWdlcQRjdG9yY2gKRmxvYXRTdG9yYWdlCnEFWAEAAAAwcQZYAwAAAGNwdXEHSwN0cQhR"
        + "SwBLAUsDhnEJSwNLAYZxColoAClScQt0cQxScQ1YBAAAAGhlYWRxDmgDKChoBGgFaAZoB0sDdHEPUUsASwFLA4ZxEEsDSwGGcRGJ"
        + "aAApUnESdHETUnEUWAcAAABncsO2w59lcRVoAygoaARoBVgBAAAAMXEWaAdLAHRxF1FLAEsATSwBhnEYTSwBSwGGcRmJaAApUnEa"
        + "dHEbUnEcWAEAAABucR1oAygoaARjdG9yY2gKQm9vbFN0b3JhZ2UKcR5YAQAAADJxH2gHSwF0cSBRSwApKYloAClScSF0cSJScSNY"
        + "CgAAAGxheWVyLm1hc2txJGgDKChoBGN0b3JjaApCRmxvYXQxNlN0b3JhZ2UKcSVYAQAAADNxJmgHSuAiAgB0cSdRSwAoSwFLAksB"
        + "SnARAQB0cSgoSuAiAgBKcBEBAEpwEQEASwF0cSmJaAApUnEqdHErUnEsdS4="
}
