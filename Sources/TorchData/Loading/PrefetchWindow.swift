/// The batches that are ahead of the consumer: workers fill them in any order, the consumer takes them in theirs.
///
/// At most `width` batches are assembled or being assembled and not yet taken.
final class PrefetchWindow<Item: Sendable>: @unchecked Sendable {
    // Unchecked: everything that changes is touched inside the monitor's lock.
    private let monitor = Monitor()
    private let end: Int
    private var nextToAssemble: Int
    private var nextToTake: Int
    private var slots: [Result<Item, any Error>?]
    private var isStopped = false
    private var inProgress: [Int?]

    /// A window over the batches `range`, filled by `workers` threads.
    init(over range: Range<Int>, width: Int, workers: Int) {
        end = range.upperBound
        nextToAssemble = range.lowerBound
        nextToTake = range.lowerBound
        slots = Array(repeating: nil, count: width)
        inProgress = Array(repeating: nil, count: workers)
    }

    /// A worker's life: assembles batches until there are none left or nobody wants them.
    func work(_ worker: Int, assemble: (Int) throws -> Item) {
        while let number = nextNumber(for: worker) {
            let result = Result { try assemble(number) }
            monitor.withLock {
                inProgress[worker] = nil
                slots[number % slots.count] = result
                if number == nextToTake { monitor.signal(.filled) }
            }
        }
    }

    private func nextNumber(for worker: Int) -> Int? {
        monitor.withLock {
            while !isStopped, nextToAssemble < end, nextToAssemble >= nextToTake + slots.count {
                monitor.wait(for: .room)
            }
            guard !isStopped, nextToAssemble < end else { return nil }
            let number = nextToAssemble
            nextToAssemble += 1
            inProgress[worker] = number
            return number
        }
    }

    /// The next batch, once it is there.
    ///
    /// - Parameters:
    ///   - limit: how long to wait before `stalled` is told which worker has the batch, again after each further limit.
    /// - Throws: what the worker's `assemble` threw for this batch; the next call goes on with the one after.
    func take(stallLimit limit: Duration, stalled: (_ worker: Int?, _ waited: Duration) -> Void) throws -> Item {
        let result = monitor.withLock {
            var waited = Duration.zero
            while true {
                let slot = nextToTake % slots.count
                if let result = slots[slot] {
                    slots[slot] = nil
                    nextToTake += 1
                    monitor.signal(.room)
                    return result
                }
                if !monitor.wait(for: .filled, atMost: limit) {
                    waited += limit
                    stalled(inProgress.firstIndex(of: nextToTake), waited)
                }
            }
        }
        return try result.get()
    }

    /// Lets the workers finish what they are at and end.
    func stop() {
        monitor.withLock {
            isStopped = true
            monitor.wakeAll()
        }
    }
}
