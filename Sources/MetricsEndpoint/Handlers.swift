import CoreMetrics
import Synchronization

/// A number that only grows.
final class CounterValue: CounterHandler, FloatingPointCounterHandler, Sendable {
    private let number = Mutex(0.0)

    var value: Double { number.withLock { $0 } }

    func increment(by amount: Int64) { number.withLock { $0 += Double(amount) } }
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    func reset() { number.withLock { $0 = 0 } }
}

/// A number that can be anything at any time.
final class GaugeValue: MeterHandler, RecorderHandler, Sendable {
    private let number = Mutex(0.0)

    var value: Double { number.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    func decrement(by amount: Double) { number.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

/// How many numbers there were, and their sum; of a timer in seconds.
final class SummaryValue: RecorderHandler, TimerHandler, Sendable {
    private let numbers = Mutex((count: 0, sum: 0.0))

    var value: (count: Int, sum: Double) { numbers.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        numbers.withLock { numbers in
            numbers.count += 1
            numbers.sum += value
        }
    }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
