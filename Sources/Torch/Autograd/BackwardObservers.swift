import Foundation
import Synchronization

/// Something that waits for the next backward pass of this thread: data parallelism, which sends gradients during it.
package protocol BackwardObserver: AnyObject {
    /// Called before the pass.
    func willRunBackward() throws
    /// Called after it, with its failure if it failed; a better explanation may be thrown.
    func didRunBackward(_ failure: TorchError?) throws
}

/// The observers of each thread.
package enum BackwardObservers {
    // An observer is only ever called on the thread that it was added on.
    private struct Observer: @unchecked Sendable {
        weak var observer: (any BackwardObserver)?
    }

    private static let observers = Mutex<[UInt: [Observer]]>([:])

    private static var thread: UInt { UInt(pthread_self()) }

    /// Adds an observer to this thread's, if it is not there.
    package static func add(_ observer: any BackwardObserver) {
        observers.withLock { observers in
            guard observers[thread]?.contains(where: { $0.observer === observer }) != true else { return }
            observers[thread, default: []].append(Observer(observer: observer))
        }
    }

    /// Takes an observer away from this thread's.
    package static func remove(_ observer: any BackwardObserver) {
        observers.withLock { observers in
            observers[thread]?.removeAll { $0.observer === observer || $0.observer == nil }
            if observers[thread]?.isEmpty == true { observers[thread] = nil }
        }
    }

    static var ofThisThread: [any BackwardObserver] {
        let found = observers.withLock { observers in
            observers.isEmpty ? [] : observers[thread] ?? []
        }
        return found.compactMap(\.observer)
    }
}
