#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What happens when a batch does not come.
struct StallNotice: Sendable {
    /// How long a batch may take before it is said.
    var limit: Duration = .seconds(30)

    /// Where it is said.
    var display: @Sendable (String) -> Void = { line in
        // One call, so that lines of several processes do not mix.
        let text = line + "\n"
        _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    func report(worker: Int?, batch: Int, samples: BatchIndices, waited: Duration) {
        let place = "batch \(batch) of epoch \(samples.epoch) (\(samples.abridged)) for \(waited)"
        display(
            worker.map { "data loader: worker \($0) has been on \(place)" } ?? "data loader: no worker gave \(place)")
    }
}
