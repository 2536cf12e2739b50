import Foundation

/// Gives the calling thread a name for debuggers and `top -H`; the system keeps 15 bytes.
package func nameThisThread(_ name: String) {
    #if canImport(Darwin)
    pthread_setname_np(name)
    #else
    // The C library's function for this is hidden from Swift; without the file the thread keeps the program's name.
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = name.withCString { write(descriptor, $0, min(strlen($0), 15)) }
    close(descriptor)
    #endif
}
