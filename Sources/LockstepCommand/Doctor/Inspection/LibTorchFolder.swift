import Foundation

/// The LibTorch that programs are built with, as far as its files tell.
struct LibTorchFolder: Sendable {
    /// The versions that are supported, both included.
    static let oldest = (2, 11)
    static let newest = (2, 13)

    /// The folder that is named, which may be a link.
    let path: String
    /// Whether `LIBTORCH` names it, and not the user's link.
    let isGiven: Bool

    /// The folder that `LIBTORCH` names, or else the link that the set-up keeps.
    init(environment: [String: String]) {
        let given = environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 }
        isGiven = given != nil
        path = given ?? "\(environment["HOME"] ?? "~")/.cache/lockstep/libtorch"
    }

    /// Where the link leads; the folder itself where it is none.
    var target: String {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return path }
        return target.hasPrefix("/") ? target : (path as NSString).deletingLastPathComponent + "/" + target
    }

    /// Whether its libraries can use NVIDIA GPUs.
    var isCUDABuild: Bool { FileManager.default.fileExists(atPath: path + "/lib/libtorch_cuda.so") }

    /// The version in the headers, such as `2.13.0`.
    var headerVersion: String? {
        let headers = ["include/torch/headeronly/version.h", "include/torch/csrc/api/include/torch/version.h"]
        return headers.lazy.compactMap { SmallFile.text("\(path)/\($0)").flatMap(Self.version(inHeader:)) }.first
    }

    /// The version with the kind of build, such as `2.13.0+cpu`, where a file tells it; else that of the headers.
    var version: String? {
        guard let numbers = headerVersion else { return nil }
        for file in ["VERSION", "build-version", "version.py"] {
            guard let text = SmallFile.text("\(path)/\(file)") else { continue }
            let words = text.split { (character: Character) in !Self.belongsToVersion(character) }
            if let named = words.first(where: { $0.hasPrefix(numbers) }) { return String(named) }
        }
        return numbers
    }

    private static func belongsToVersion(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "." || character == "+"
    }

    /// The version that lines such as `#define TORCH_VERSION_MAJOR 2` define.
    static func version(inHeader text: String) -> String? {
        var numbers: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, words[0] == "#define", let number = Int(words[2]) { numbers[words[1]] = number }
        }
        guard let major = numbers["TORCH_VERSION_MAJOR"], let minor = numbers["TORCH_VERSION_MINOR"],
            let patch = numbers["TORCH_VERSION_PATCH"]
        else { return nil }
        return "\(major).\(minor).\(patch)"
    }

    /// Why no program can be built or run with it; nil where nothing is known against it.
    var problem: String? {
        guard SmallFile.isFolder(path) else {
            return target == path ? "there is no such folder" : "it leads to \(target), which is not there"
        }
        for folder in ["include", "lib"] where !SmallFile.isFolder(path + "/" + folder) {
            return "it has no \(folder)/"
        }
        guard let headerVersion else { return "its headers tell no version (include/torch/headeronly/version.h)" }
        guard Self.isSupported(headerVersion) else {
            return "it is LibTorch \(headerVersion), and versions \(Self.oldest.0).\(Self.oldest.1) to "
                + "\(Self.newest.0).\(Self.newest.1) are supported"
        }
        for library in ["libtorch_cpu.so", "libc10.so"] + (isCUDABuild ? ["libtorch_cuda.so", "libc10_cuda.so"] : []) {
            if let problem = Self.problem(ofLibrary: "\(path)/lib/\(library)") { return "lib/\(library) \(problem)" }
        }
        return nil
    }

    static func isSupported(_ version: String) -> Bool {
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        guard numbers.count >= 2 else { return false }
        return (numbers[0], numbers[1]) >= oldest && (numbers[0], numbers[1]) <= newest
    }

    private static func problem(ofLibrary path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return "is missing" }
        defer { try? file.close() }
        let start = (try? file.read(upToCount: 4)) ?? Data()
        return start.elementsEqual([0x7F] + Array("ELF".utf8)) ? nil : "is no shared library"
    }
}
