import Foundation
import RunReport
import Testing

/// The folder of a run that never was; it goes with the last reference.
final class RunFolderOnDisk: Sendable {
    let path: String

    /// A folder with these files, or some part of the path more where a name is given.
    init(_ files: [String: String] = [:], named name: String = "run") throws {
        path = FileManager.default.temporaryDirectory.path + "/lockstep-test-\(UUID().uuidString)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

    /// Writes a file, and the folders above it.
    func write(_ text: String, to name: String) throws {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    }

    /// The text of a file.
    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

    /// What is in the folder.
    func record() throws -> RunRecord { try RunRecord(folder: path) }

    /// A run of a classifier of which everything is known.
    static func complete(named name: String = "run", steps: Int = 120, rate: Double = 0.01) throws -> RunFolderOnDisk {
        let folder = try RunFolderOnDisk(named: name)
        try folder.write(
            """
            {"program": "shapes", "seed": 0, "nproc": 2, "resume": null, "learning-rate": \(rate), "batch-size": 8,
             "world-size": 2, "device": "cpu", "run-directory": "\(folder.path)"}
            """, to: "config.json")
        try folder.write(metrics(steps: steps, rate: rate), to: "metrics.jsonl")
        let ranks = (0..<2).map { rank in
            """
            {"rank":\(rank),"host":"vm","seconds":6.5,"samples":960,"samples_per_second":147.7,"compute":0.\(7 - rank),
             "communication":0.\(1 + rank),"data":0.05,"other":0.15,"peak_memory":155000000}
            """
        }
        try folder.write(
            """
            {"outcome":"finished","seconds":6.5,"steps":\(steps),"samples_per_second":295.4,"ranks":[\(ranks.joined(separator: ","))]}
            """, to: "summary.json")
        let pixels = Data((0..<12).map { UInt8($0 * 20) }).base64EncodedString()
        try folder.write(
            """
            {"step":\(steps),"epoch":2,"class_names":["circle","square"],"confusion":[[40,10],[5,45]],"mistakes":[
             {"index":7,"label":0,"predicted":1,"probability":0.98,"loss":3.9,"width":2,"height":2,"channels":3,"pixels":"\(pixels)"},
             {"index":9,"label":1,"predicted":0,"probability":0.91,"loss":2.4}]}
            """, to: "evaluation.json")
        for rank in 0..<2 { try folder.write(rankLines(rank, steps: steps), to: "ranks/rank-\(rank).jsonl") }
        return folder
    }

    private static func metrics(steps: Int, rate: Double) -> String {
        var lines = ""
        for step in 1...max(steps, 1) {
            let epoch = step <= steps / 2 ? 1 : 2
            lines +=
                "{\"step\":\(step),\"epoch\":\(epoch),\"loss\":\(2.3 / (1 + rate * Double(step))),"
                + "\"learning_rate\":\(rate),\"seconds\":\(Double(step) * 0.05)}\n"
            if step == steps / 2 || step == steps {
                lines +=
                    "{\"step\":\(step),\"epoch\":\(epoch),\"accuracy\":\(0.5 + 0.2 * Double(epoch)),"
                    + "\"evaluation_loss\":\(1 / Double(epoch)),\"seconds\":\(Double(step) * 0.05 + 0.2)}\n"
            }
        }
        return lines
    }

    private static func rankLines(_ rank: Int, steps: Int) -> String {
        var lines =
            "{\"type\":\"start\",\"time\":1700000000.5,\"rank\":\(rank),\"local_rank\":\(rank),\"world_size\":2,"
            + "\"host\":\"vm\",\"pid\":12,\"threads\":1,\"device\":\"cpu\"}\n"
        for step in stride(from: 1, through: steps, by: 10) {
            lines +=
                "{\"type\":\"step\",\"step\":\(step),\"begin\":1700000001.0,\"data\":0.001,\"forward\":0.01,"
                + "\"backward\":0.02,\"communication\":0.0\(1 + rank),\"optimizer\":0.005,\"other\":0.001}\n"
            lines +=
                "{\"type\":\"status\",\"time\":1700000001,\"step\":\(step),\"epoch\":1,\"batch\":\(step),"
                + "\"phase\":\"forward pass\",\"samples_per_second\":150.5,\"memory\":150000000,\"peak_memory\":160000000}\n"
        }
        return lines + "{\"type\":\"end\",\"time\":1700000009,\"outcome\":\"finished\",\"message\":\"\"}\n"
    }
}
