import CheckpointFaults
import Checkpointing
import Foundation
import OrderedCollections
import Torch

/// Saves small checkpoints in processes that are killed, stopped, or let down by the system, as it is told.
///
/// Standard input has a command a line:
/// ```
/// save FOLDER STEP SEED FAULT VALUE ERRNO     FAULT: none call byte stop flip time write fsync mkdir rename unlink;
///                                             with -x behind it, names cannot be exchanged
/// read-only FOLDER
/// ```
/// A save runs in a process of its own. Standard output gets `calls N bytes N order LETTERS` and how it ended, or nothing where it was
/// killed; then `done` with the process id where it was stopped.
@main
struct CheckpointProbe {
    static func main() {
        while let line = readLine() {
            // A test that waits for a probe that hangs would never end.
            alarm(60)
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "save" where words.count == 7: save(Array(words.dropFirst()))
            case "read-only" where words.count == 2: say("done \(faults_make_read_only(words[1]))")
            default: say("done with nothing: \(line)")
            }
        }
    }

    private static func save(_ words: [String]) {
        let (step, seed, value) = (Int(words[1]) ?? 0, Float(words[2]) ?? 0, Int(words[4]) ?? 0)
        let snapshot = CheckpointFolder.snapshot(state(step: step, seed: seed))
        let child = faults_fork()
        if child == 0 {
            let fault = words[3].split(separator: "-")
            faults_arm(kind(fault[0]), value, Int32(words[5]) ?? 0, fault.count > 1 ? 1 : 0)
            say(write(snapshot, to: words[0]))
            _exit(0)
        }
        if words[3].hasPrefix("time") {
            usleep(useconds_t(value))
            kill(child, SIGKILL)
        }
        var status: Int32 = 0
        while waitpid(child, &status, WUNTRACED) < 0, errno == EINTR {}
        let isStopped = status & 0xFF == 0x7F
        say(isStopped ? "done \(child)" : "done")
    }

    private static func write(_ snapshot: CheckpointSnapshot, to folder: String) -> String {
        func counts() -> String {
            "calls \(faults_calls()) bytes \(faults_bytes()) order \(String(cString: faults_order()))"
        }
        do {
            let saved = try CheckpointFolder(at: folder).write(snapshot, keep: .last(2))
            return "\(counts()) saved \(saved.notices.joined(separator: " "))"
        } catch let error as CheckpointError {
            return "\(counts()) failed \(error.code) \(error.message)"
        } catch {
            return "\(counts()) failed \(error)"
        }
    }

    /// What a test expects to find: numbers that start at `seed`.
    private static func state(step: Int, seed: Float) -> Checkpoint {
        var checkpoint = Checkpoint(step: step, record: ["seed": .number(Double(seed))])
        checkpoint.parts["model"] = ["weight": .arange(50_000, dtype: .float32) + seed]
        checkpoint.parts["optimizer"] = ["momentum": .arange(5_000, dtype: .float64) + seed]
        return checkpoint
    }

    private static func kind(_ name: Substring) -> faults_kind {
        switch name {
        case "call": faults_kill_at_call
        case "byte": faults_kill_at_byte
        case "stop": faults_stop_at_call
        case "flip": faults_flip_at_byte
        case "write": faults_fail_write
        case "fsync": faults_fail_fsync
        case "mkdir": faults_fail_mkdir
        case "rename": faults_fail_rename
        case "unlink": faults_fail_unlink
        default: faults_none
        }
    }

    private static func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}
