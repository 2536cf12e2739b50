/// What is known of a data set before any of its files is at hand: names, sizes, checksums and mirrors.
///
/// The catalogue has ``mnist``, ``fashionMNIST`` and ``cifar10``. A description of one's own works the same way,
/// for files in one of the two ``Layout``s.
public struct DatasetDescription: Sendable, Hashable {
    /// The short name, which is also the folder's: `fashion-mnist`.
    public let name: String

    /// The name for people: `Fashion-MNIST`.
    public let title: String

    /// The classes; label `i` means `classNames[i]`.
    public let classNames: [String]

    /// The shape of every image.
    public let imageShape: ImageShape

    /// Which unpacked files make up which split, and their format.
    public let layout: Layout

    /// The files as the mirrors serve them, with what is in them.
    public let archives: [Archive]

    /// Base URLs, tried in this order; an archive's name is appended.
    public let mirrors: [String]

    /// Other folders, below the one searched, that may hold the files, such as torchvision's `MNIST/raw`.
    public let otherFolders: [String]

    /// Describes a data set.
    public init(
        name: String, title: String, classNames: [String], imageShape: ImageShape, layout: Layout,
        archives: [Archive], mirrors: [String], otherFolders: [String] = []
    ) {
        self.name = name
        self.title = title
        self.classNames = classNames
        self.imageShape = imageShape
        self.layout = layout
        self.archives = archives
        self.mirrors = mirrors.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        self.otherFolders = otherFolders
    }

    /// Channels, height and width of an image of bytes.
    public struct ImageShape: Sendable, Hashable {
        /// 1 for grey, 3 for red, green, blue.
        public let channels: Int
        /// Rows.
        public let height: Int
        /// Columns.
        public let width: Int

        /// A shape of `channels` planes of `height` rows of `width` bytes.
        public init(channels: Int, height: Int, width: Int) {
            self.channels = channels
            self.height = height
            self.width = width
        }

        /// The bytes of one image.
        public var byteCount: Int { channels * height * width }
    }

    /// The format of the unpacked files and which of them belong to which split.
    public enum Layout: Sendable, Hashable {
        /// One IDX file of images and one of labels for a split (MNIST and its relatives).
        case idx(train: IDXPair, test: IDXPair)
        /// Files of records, each a label byte and the image's planes (CIFAR-10's binary version).
        case records(train: [String], test: [String])
    }

    /// The names of the two IDX files of a split.
    public struct IDXPair: Sendable, Hashable {
        /// The file of images.
        public let images: String
        /// The file of labels.
        public let labels: String

        /// Names the two files.
        public init(images: String, labels: String) {
            self.images = images
            self.labels = labels
        }
    }

    /// A file as a mirror serves it, and the files in it.
    ///
    /// A name that ends in `.tar.gz`, `.tgz`, `.tar.xz` or `.tar` is an archive of ``contents``; any other name that
    /// ends in `.gz` is one compressed file.
    public struct Archive: Sendable, Hashable {
        /// The file on the mirrors.
        public let file: PinnedFile

        /// The unpacked files, without folders.
        public let contents: [PinnedFile]

        /// Names under which the same contents may lie on disk, packed differently; their checksum does not matter,
        /// because the contents are verified.
        public let otherNames: [String]

        /// Describes a file on the mirrors.
        public init(_ file: PinnedFile, contents: [PinnedFile], otherNames: [String] = []) {
            self.file = file
            self.contents = contents
            self.otherNames = otherNames
        }
    }

    /// The names of the unpacked files of a split, images before labels.
    public func fileNames(of split: DatasetSplit) -> [String] {
        switch (layout, split) {
        case (.idx(let pair, _), .train), (.idx(_, let pair), .test): [pair.images, pair.labels]
        case (.records(let names, _), .train), (.records(_, let names), .test): names
        }
    }

    /// The unpacked files of a split with their checksums; names without a checksum are left out.
    func pinnedFiles(of split: DatasetSplit) -> [PinnedFile] {
        let contents = archives.flatMap(\.contents)
        return fileNames(of: split).compactMap { name in contents.first { $0.name == name } }
    }

    /// The archives that hold any of the named files.
    func archives(holding names: some Sequence<String>) -> [Archive] {
        let names = Set(names)
        return archives.filter { $0.contents.contains { names.contains($0.name) } }
    }
}
