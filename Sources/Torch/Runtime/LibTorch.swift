import CTorch

/// The engine underneath: its version, its threads, its devices.
public enum LibTorch {
    /// The version that this program was built against, such as `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// How many threads an operation started on the calling thread may use.
    ///
    /// OpenMP keeps this number for each thread: set it on the thread that trains (PyTorch's `set_num_threads`).
    public static var threadCount: Int {
        get { Int(ct_get_num_threads()) }
        set { require(ct_set_num_threads(Int32(clamping: max(1, newValue))), "setting the thread count", []) }
    }

    /// How many CUDA devices this LibTorch can use; 0 for a CPU build.
    public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

    /// Lets the C library keep freed memory instead of returning it to the system.
    ///
    /// A training step allocates and frees the same blocks again and again; with the default thresholds each of them
    /// is unmapped and faulted in anew. Peak memory is unchanged, memory between peaks is not returned.
    public static func keepFreedMemory() {
        ct_keep_freed_memory()
    }

    /// Returns to the system, once, what is not in use at the moment: freed memory, and the code that ran at the start.
    ///
    /// Code is read again, out of the system's cache of its file, where it runs again.
    public static func releaseUnusedMemory() {
        ct_release_unused_memory()
    }
}
