import DatasetFiles
import Foundation

/// Opens a small data set as a rank would, for tests that need real processes.
///
/// Arguments: the file with the description's numbers, the cache, and the mirrors. Standard output gets a hash of all
/// bytes, standard error the notices.
@main
struct DatasetDownloadProbe {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let plan = FileManager.default.contents(atPath: arguments[1]),
            let pinned = try? JSONDecoder().decode([Pinned].self, from: plan)
        else {
            complain("usage: dataset-download-probe PLAN CACHE MIRROR...")
            exit(2)
        }
        var location = DatasetLocation(environment: [
            "XDG_CACHE_HOME": arguments[2], "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
        ])
        location.sharedDirectory = nil
        location.mirrors = Array(arguments[3...])
        location.downloads.retryDelay = .milliseconds(10)
        // A test decides when a server that stalls is left: by ending the process.
        location.downloads.stallLimit = .seconds(3600)
        do {
            let images = try await LabelledImages.open(description(pinned), split: .train, in: location) { notice in
                complain(notice.description)
            }
            var bytes = [UInt8](repeating: 0, count: images.imageByteCount)
            // FNV-1a.
            var sum: UInt64 = 0xCBF2_9CE4_8422_2325
            for index in 0..<images.count {
                bytes.withUnsafeMutableBytes { images.copyPixels(at: index, to: $0) }
                for byte in bytes + [UInt8(images.label(at: index))] { sum = (sum ^ UInt64(byte)) &* 0x0100_0000_01B3 }
            }
            print("\(images.count) \(String(sum, radix: 16))")
        } catch {
            complain("\(error)")
            exit(1)
        }
    }

    /// A file of the plan; the first two are the archives, the others what is in them.
    struct Pinned: Codable {
        let name: String
        let size: Int
        let sha256: String

        var file: PinnedFile { PinnedFile(name, size: size, .sha256(sha256)) }
    }

    private static func description(_ pinned: [Pinned]) -> DatasetDescription {
        let pair = DatasetDescription.IDXPair(images: pinned[2].name, labels: pinned[3].name)
        return DatasetDescription(
            name: "tiny", title: "Tiny", classNames: (0..<10).map(String.init),
            imageShape: .init(channels: 1, height: 28, width: 28), layout: .idx(train: pair, test: pair),
            archives: [
                .init(pinned[0].file, contents: [pinned[2].file]), .init(pinned[1].file, contents: [pinned[3].file]),
            ], mirrors: [])
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
