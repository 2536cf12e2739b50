import DatasetFiles
import Testing

@Suite("The catalogue")
struct CatalogueTests {
    @Test(
        "the official checksums are pinned",
        arguments: [
            ("mnist", 11_594_722, 2 * 16 + 70_000 * 784), ("fashion-mnist", 30_878_645, 2 * 16 + 70_000 * 784),
            ("cifar-10", 170_052_171, 60_000 * 3073),
        ])
    func isConsistent(name: String, bytes: Int, imageBytes: Int) throws {
        let dataset = try #require(DatasetDescription.named(name))
        #expect(dataset.archives.map(\.file.size).reduce(0, +) == bytes)
        #expect(dataset.classNames.count == 10 && dataset.mirrors.count >= 2)
        let contents = dataset.archives.flatMap(\.contents)
        let names = DatasetSplit.allCases.flatMap { dataset.fileNames(of: $0) }
        #expect(Set(contents.map(\.name)) == Set(names))
        let imageFiles = contents.filter { !$0.name.contains("labels") }
        #expect(imageFiles.map(\.size).reduce(0, +) == imageBytes)
    }

    @Test("an unknown name is nobody's")
    func unknownName() {
        #expect(DatasetDescription.named("imagenet") == nil)
    }
}
