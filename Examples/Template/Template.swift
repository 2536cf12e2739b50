// Step 1: import what is needed.
import Lockstep

// Step 2: define the model.
final class Model: Module, Layer {
    let fc = Linear(10, 1)

    func forward(_ input: Tensor) -> Tensor { fc(input) }
}

/// The steps of a training on several ranks, with nothing else.
@main
struct Template: TrainingProgram {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "The steps of a training on several ranks.")

    @OptionGroup var options: TrainingOptions
    @Option(help: "How often to go through the training samples.") var epochs = 10
    @Option(help: "Samples in a batch of one process.") var batchSize = 32
    @Option(help: "The step size of SGD.") var learningRate = 1e-3
    @Option(help: "Repeats the training samples, for timing.") var `repeat` = 1

    // Step 3: the ranks are there when `train` is called; the command line says how many.
    func train(with accelerator: Accelerator) async throws {
        let model = Model()

        // Step 5: define the loss and the optimizer.
        let criterion = MSELoss()
        let optimizer = SGD(model.parameters, learningRate: learningRate)

        // Step 6: prepare the data and its loader. The seed is the same on all ranks, and so are the samples.
        let samples = TensorDataset(
            Tensor.randn([100, 10]).repeat([`repeat`, 1]), Tensor.randn([100, 1]).repeat([`repeat`, 1]))
        let loader = DataLoader(samples, batchSize: batchSize, shuffle: true)

        // Step 4: put the model on this rank's device, keep it equal on all ranks, and give each its share of the data.
        let (network, sgd, training) = try accelerator.prepare(model, optimizer, loader)

        // Step 7: train.
        for epoch in accelerator.epochs(epochs) {
            // The sum of the samples' losses, and their number.
            var (total, count) = (0.0, 0)
            for try await (data, target) in accelerator.progress(training) {
                sgd.zeroGrad()
                let output = network(data)
                let loss = criterion(output, target)
                try accelerator.backward(loss)
                try sgd.step()
                accelerator.log(["loss": loss])
                total += Double(loss) * Double(target.size(0))
                count += target.size(0)
            }
            let sums = try accelerator.reduce(Tensor(copying: [total, Double(count)]), .sum)
            accelerator.print("Epoch \(epoch), loss \(Double(sums[0]) / Double(sums[1]))")
        }

        // Step 8: save the model.
        for name in ["model.pth", "model.safetensors"] {
            accelerator.print("Saved \(try accelerator.save(network, to: name))")
        }
    }
}
