#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A lock with two conditions to wait for: a batch was filled, or there is room for another.
final class Monitor: @unchecked Sendable {
    // Unchecked: the C library's objects are made for several threads; they must not move, hence the allocations.
    enum Condition: Int {
        case filled
        case room
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutablePointer<pthread_cond_t>

    init() {
        mutex = .allocate(capacity: 1)
        conditions = .allocate(capacity: 2)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(conditions, nil)
        pthread_cond_init(conditions + 1, nil)
    }

    deinit {
        pthread_cond_destroy(conditions)
        pthread_cond_destroy(conditions + 1)
        pthread_mutex_destroy(mutex)
        conditions.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Waits for a signal, inside ``withLock(_:)``; may also return without one.
    func wait(for condition: Condition) {
        pthread_cond_wait(conditions + condition.rawValue, mutex)
    }

    /// Waits for a signal, inside ``withLock(_:)``, and returns whether one came in time; may also return without one.
    func wait(for condition: Condition, atMost limit: Duration) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        let (seconds, attoseconds) = limit.components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        return pthread_cond_timedwait(conditions + condition.rawValue, mutex, &deadline) == 0
    }

    func signal(_ condition: Condition) {
        pthread_cond_signal(conditions + condition.rawValue)
    }

    func wakeAll() {
        pthread_cond_broadcast(conditions)
        pthread_cond_broadcast(conditions + 1)
    }
}
