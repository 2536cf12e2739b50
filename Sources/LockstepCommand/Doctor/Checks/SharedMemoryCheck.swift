import Glibc
import Launching

/// The room in `/dev/shm`, where the ranks of a machine share small records, and NCCL its buffers.
struct SharedMemoryCheck: DoctorCheck {
    let name = "shared mem"

    /// The folder that is looked at.
    var folder = "/dev/shm"

    /// What NVIDIA asks for where several GPUs of a machine talk to each other.
    private static let enoughForNCCL = 1_000_000_000

    func findings() async throws -> [Finding] {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else {
            return [
                finding(
                    .warning, "\(folder) cannot be looked at: \(String(cString: strerror(errno)))",
                    next: "Ranks share their records in the folder for temporary files instead; NCCL needs \(folder).",
                    ["folder": "\(folder)", "size": .null, "free": .null])
            ]
        }
        let size = Int(clamping: UInt64(status.f_blocks) * UInt64(status.f_frsize))
        let free = Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
        let values: [String: JSONValue] = ["folder": "\(folder)", "size": .number(size), "free": .number(free)]
        let message = "\(Machine.text(bytes: size)) in \(folder), of which \(Machine.text(bytes: free)) are free"
        let gpus = NVIDIADriver().gpus.count
        if free < 1_000_000 || gpus > 1 && free < Self.enoughForNCCL {
            return [
                finding(
                    .warning, message,
                    next: (gpus > 1 ? "NCCL may need more for \(gpus) GPUs" : "It is full")
                        + ": remove what others left there, or enlarge it, for a container with docker run "
                        + "--shm-size=1g.", values)
            ]
        }
        return [finding(.ok, message + "; data loaders need none", values)]
    }
}
