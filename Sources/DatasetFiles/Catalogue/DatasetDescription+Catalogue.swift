extension DatasetDescription {
    /// The data sets that are known by name.
    public static let catalogue: [DatasetDescription] = [.mnist, .fashionMNIST, .cifar10]

    /// The data set of the catalogue with this name, such as `fashion-mnist`.
    public static func named(_ name: String) -> DatasetDescription? {
        catalogue.first { $0.name == name }
    }

    /// MNIST: 60,000 + 10,000 handwritten digits, 28×28 grey (LeCun, Cortes, Burges).
    public static let mnist = DatasetDescription(
        name: "mnist",
        title: "MNIST",
        classNames: (0..<10).map(String.init),
        imageShape: ImageShape(channels: 1, height: 28, width: 28),
        layout: idxLayout,
        archives: [
            idx(
                "train-images-idx3-ubyte", packed: 9_912_422, plain: 47_040_016,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            idx(
                "train-labels-idx1-ubyte", packed: 28_881, plain: 60_008,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            idx(
                "t10k-images-idx3-ubyte", packed: 1_648_877, plain: 7_840_016,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            idx(
                "t10k-labels-idx1-ubyte", packed: 4_542, plain: 10_008,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ],
        mirrors: [
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ],
        otherFolders: ["MNIST/raw"])

    /// Fashion-MNIST: 60,000 + 10,000 pieces of clothing, 28×28 grey (Xiao, Rasul, Vollgraf, 2017).
    public static let fashionMNIST = DatasetDescription(
        name: "fashion-mnist",
        title: "Fashion-MNIST",
        classNames: [
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ],
        imageShape: ImageShape(channels: 1, height: 28, width: 28),
        layout: idxLayout,
        archives: [
            idx(
                "train-images-idx3-ubyte", packed: 26_421_880, plain: 47_040_016,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
            idx(
                "train-labels-idx1-ubyte", packed: 29_515, plain: 60_008,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
            idx(
                "t10k-images-idx3-ubyte", packed: 4_422_102, plain: 7_840_016,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
            idx(
                "t10k-labels-idx1-ubyte", packed: 5_148, plain: 10_008,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        ],
        mirrors: [
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ],
        otherFolders: ["FashionMNIST/raw"])

    /// CIFAR-10, binary version: 50,000 + 10,000 photographs, 32×32 RGB (Krizhevsky, 2009).
    public static let cifar10 = DatasetDescription(
        name: "cifar-10",
        title: "CIFAR-10",
        classNames: [
            "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
        ],
        imageShape: ImageShape(channels: 3, height: 32, width: 32),
        layout: .records(train: (1...5).map { "data_batch_\($0).bin" }, test: ["test_batch.bin"]),
        archives: [
            Archive(
                PinnedFile(
                    "cifar-10-binary.tar.gz", size: 170_052_171, .md5("c32a1d4ab5d03f1284b67883e8d87530")),
                contents: [
                    batch("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
                    batch("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
                    batch("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
                    batch("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
                    batch("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
                    batch("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
                ],
                otherNames: ["cifar-10-binary.tar.xz", "cifar-10-binary.tar"])
        ],
        mirrors: [
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
            "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
        ],
        otherFolders: ["cifar-10/cifar-10-batches-bin", "cifar-10-batches-bin"])

    private static let idxLayout = Layout.idx(
        train: IDXPair(images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte"),
        test: IDXPair(images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte"))

    private static func idx(
        _ name: String, packed: Int, plain: Int, _ packedDigest: String, _ plainDigest: String
    ) -> Archive {
        Archive(
            PinnedFile(name + ".gz", size: packed, .sha256(packedDigest)),
            contents: [PinnedFile(name, size: plain, .sha256(plainDigest))])
    }

    private static func batch(_ name: String, _ digest: String) -> PinnedFile {
        PinnedFile(name, size: 30_730_000, .sha256(digest))
    }
}
