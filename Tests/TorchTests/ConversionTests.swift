import LockstepTesting
import Testing
import Torch

@Suite("types, devices and elements")
struct ConversionTests {
    @Test("every type converts to every other", arguments: DType.allCases, DType.allCases)
    func converts(_ source: DType, _ target: DType) {
        let numbers: [Double] = source == .bool || target == .bool ? [0, 1, 1] : [0, 1, 100]
        let tensor = Tensor(copying: numbers).to(source)
        let converted = tensor.to(target)
        #expect(converted.dtype == target)
        #expect(converted.array(of: Double.self) == numbers)
        #expect(converted.withUnsafeBytes { $0.count } == 3 * target.byteCount)
        #expect(converted.sharesStorage(with: tensor) == (source == target))
    }

    @Test("narrow floating-point types round to nearest")
    func rounding() {
        let third = Tensor(copying: [1.0 / 3])
        #expect(third.to(.float32).item(as: Double.self) == Double(Float(1.0 / 3)))
        #expect(third.to(.float16).item(as: Double.self) == 0.333251953125)
        #expect(third.to(.bfloat16).item(as: Double.self) == 0.333984375)
        #expect(Tensor([2049.0]).to(.float16).item(as: Int.self) == 2048)
        #expect(Tensor([257.0]).to(.bfloat16).item(as: Int.self) == 256)
        #expect(Tensor([70000.0]).to(.float16).item(as: Double.self) == .infinity)
        #expect(Tensor([-1.9, 1.9]).to(.int32).array(of: Int.self) == [-1, 1])
    }

    @Test("elements come out as Swift values")
    func elements() {
        let tensor = Tensor([[1.5, -2], [300, 0]])
        #expect(tensor.array(of: Float.self) == [1.5, -2, 300, 0])
        #expect(tensor.array(of: Int32.self) == [1, -2, 300, 0])
        #expect(tensor.array(of: Bool.self) == [true, true, true, false])
        #expect(tensor.transpose(0, 1).array(of: Double.self) == [1.5, 300, -2, 0])
        #expect(tensor[1, 0].item(as: Int8.self) == 127)
        #expect(tensor[0, 1].item(as: UInt8.self) == 0)
        #expect(Tensor(copying: [Double.nan]).item(as: Int.self) == 0)
        #expect(Int(tensor[0, 0]) == 1 && Float(tensor[0, 0]) == 1.5 && Bool(tensor[1, 1]) == false)
    }

    @Test("devices are read and written as PyTorch writes them")
    func devices() {
        #expect(Device("cpu") == .cpu && "\(Device.cpu)" == "cpu")
        #expect(Device("cuda") == .cuda(0) && Device("cuda:3") == .cuda(3) && "\(Device.cuda(3))" == "cuda:3")
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:128", "cpu:0", "cuda:1:2"] {
            #expect(Device(text) == nil, "\(text)")
        }
        let tensor: Tensor = [1, 2]
        #expect(tensor.device == .cpu && tensor.to(.cpu).sharesStorage(with: tensor))
        #expect(LibTorch.cudaDeviceCount >= 0)
    }

    @Test("names and sizes of types are PyTorch's")
    func typeNames() {
        let names = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool", "bfloat16"]
        #expect(DType.allCases.map(\.description) == names)
        #expect(DType.allCases.map(\.byteCount) == [1, 1, 2, 4, 8, 2, 4, 8, 1, 2])
        #expect(DType.allCases.filter(\.isFloatingPoint) == [.float16, .float32, .float64, .bfloat16])
    }
}
