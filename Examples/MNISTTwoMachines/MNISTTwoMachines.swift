import Lockstep

/// Classifies handwritten digits on two machines, with ranks, sampler and data parallelism written out.
///
/// On the first machine, then on the second, with the first one's address:
///
///     mnist-two-machines --init-method tcp://0.0.0.0:23456 --world-size 2 --rank 0
///     mnist-two-machines --init-method tcp://172.29.144.98:23456 --world-size 2 --rank 1
@main
struct MNISTTwoMachines: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mnist-two-machines", abstract: "Trains a classifier on MNIST, one process a machine.")

    @Option(help: "Where rank 0 is: tcp://host:port, or env:// under torchrun.") var initMethod = "tcp://127.0.0.1:0"
    @Option(help: "This process's number, from 0.") var rank: Int?
    @Option(help: "The number of processes.") var worldSize: Int?
    @Option(help: "How often to go through the training samples.") var epochs = 100
    @Option(help: "Samples in a batch of one process.") var batchSize = 64
    @Option(help: "The step size of SGD.") var learningRate = 0.01
    @Option(help: "Seeds the model and the order of the samples.") var seed: UInt64 = 0
    @Option(help: "Threads of this process.") var threads = 1
    @Option(help: "Ends each epoch after this many steps.") var maxSteps = Int.max
    @Option(help: "A folder with data sets, searched first.") var dataDirectory: String?

    func run() async throws {
        let data = try await MNIST(
            in: DatasetLocation(directory: dataDirectory),
            transform: Compose {
                ToTensor(); Normalize(mean: [0.1307], std: [0.3081])
            })
        try train(on: data.train)
    }

    /// One thread does all the work on tensors, so nothing here is asynchronous.
    func train(on data: ImageDataset) throws {
        LibTorch.threadCount = threads
        Generator.seedAll(seed)
        let isSingle = initMethod.hasPrefix("tcp:") && rank == nil && worldSize == nil
        let group = try ProcessGroup(
            initMethod: initMethod, rank: isSingle ? 0 : rank, worldSize: isSingle ? 1 : worldSize)

        let network = Sequential {
            Linear(784, 256); ReLU()
            Linear(256, 10)
            LogSoftmax(dim: 1)
        }
        let model = try DistributedDataParallel(network, group: group)
        let criterion = NLLLoss()
        let optimizer = SGD(model.parameters, learningRate: learningRate)

        let sampler = try DistributedSampler(
            count: data.count, worldSize: group.worldSize, rank: group.rank, seed: seed)
        let loader = DataLoader(data, batchSize: batchSize, sampler: sampler)

        for epoch in 0..<epochs {
            // The sum of the samples' losses, and their number, on this rank so far.
            var (total, count) = (0.0, 0)
            let batches = loader.batches(epoch: epoch)
            while batches.position < maxSteps, let (images, labels) = try batches.next() {
                optimizer.zeroGrad()
                let output = model(images.reshape(images.size(0), -1))
                let loss = criterion(output, labels)
                try loss.backward()
                try optimizer.step()
                total += Double(loss) * Double(labels.count)
                count += labels.count
            }
            let sums = Tensor(copying: [total, Double(count)])
            try group.allReduce(sums).wait()
            if group.rank == 0 {
                print("Epoch: \(epoch + 1), Train Loss: \(Double(sums[0]) / Double(sums[1]))")
            }
        }
        try group.close()
    }
}
