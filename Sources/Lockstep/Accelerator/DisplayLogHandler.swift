import Logging
import Tracking

/// Writes diagnostics to standard error, above the progress bar.
struct DisplayLogHandler: LogHandler {
    let display: ProgressDisplay
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    init(display: ProgressDisplay) {
        self.display = display
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }
        let details = values.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let level = event.level == .info ? "" : "\(event.level): "
        display.print("lockstep: \(level)\(event.message)\(details)", to: .standardError)
    }
}
