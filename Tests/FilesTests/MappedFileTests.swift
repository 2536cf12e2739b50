import Files
import Foundation
import LockstepTesting
import Testing

@Suite("A file is mapped for reading")
struct MappedFileTests {
    private static let contents = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }

    @Test("a file has its bytes, mapped and copied", arguments: [0, 1, 4096, 10_000])
    func mapped(_ size: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        let contents = Array(Self.contents.prefix(size))
        try AtomicFile.write(contents, to: path)
        let file = try MappedFile(path)
        #expect(file.path == path && file.size == size)
        #expect(try file.copy(size / 2, at: size / 4) == Array(contents[(size / 4)...].prefix(size / 2)))
        let (plain, checked) = try withExtendedLifetime(file) { try (Array(file.bytes), Array(file.checkedBytes())) }
        #expect(plain == contents)
        #expect(checked == contents)
    }

    @Test("a file that is replaced keeps its bytes for whoever has it open")
    func replaced() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        try AtomicFile.write(Self.contents, to: path)
        let file = try MappedFile(path)
        try AtomicFile.write([1], to: path)
        let bytes = try withExtendedLifetime(file) { try Array(file.checkedBytes()) }
        #expect(bytes == Self.contents)
    }

    @Test("a file that was cut off is noticed")
    func cutOff() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        try AtomicFile.write(Self.contents, to: path)
        let file = try MappedFile(path)
        try #require(truncate(path, 100) == 0)
        let checked = try #require(throws: FileError.self) { _ = try file.checkedBytes() }
        let copied = try #require(throws: FileError.self) { try file.copy(200, at: 0) }
        for error in [checked, copied] {
            #expect(error.code == .truncated)
            #expect(error.message.contains(path))
        }
        #expect(try file.copy(100, at: 0) == Array(Self.contents.prefix(100)))
    }

    @Test(
        "what cannot be read is refused without waiting",
        arguments: [
            ("missing", .notFound), ("file/below", .unreadable), ("folder", .notRegular), ("pipe", .notRegular),
        ] as [(String, FileError.Code)])
    func refused(_ name: String, _ code: FileError.Code) throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write([1], to: folder.path("file"))
        try #require(mkdir(folder.path("folder"), 0o700) == 0)
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        let error = try #require(throws: FileError.self) { try MappedFile(folder.path(name)) }
        #expect(error.code == code)
        #expect(error.path == folder.path(name))
        #expect(error.message.contains(folder.path(name)))
    }
}
