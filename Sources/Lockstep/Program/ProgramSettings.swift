import ArgumentParser
import Tracking

/// The values of a program's options, as `config.json` records them.
struct ProgramSettings: Sendable {
    /// Names as on the command line, without the dashes, in order of declaration.
    private(set) var entries: [(name: String, value: RecordValue)] = []

    /// What changes nothing in a training: other things to do, and what is shown of it and where.
    private static let unrecorded: Set<String> = [
        "print-config", "dry-run", "explain-step", "profile", "tensorboard", "wandb", "mlflow", "metrics-endpoint",
        "board", "report",
    ]

    init() {}

    /// Reads the options that a program declares, those of its groups included.
    init(of program: some ParsableArguments) {
        collect(from: program)
    }

    private mutating func collect(from value: Any) {
        for child in Mirror(reflecting: value).children {
            if let option = child.value as? any RecordedOption {
                let name = Self.flag(String((child.label ?? "").drop { $0 == "_" }))
                if !Self.unrecorded.contains(name) { entries.append((name, option.recordedValue)) }
            } else if let group = child.value as? any RecordedGroup, !(group.recordedGroup is PredictionOptions) {
                // What is said of a prediction is no setting of a training.
                collect(from: group.recordedGroup)
            }
        }
    }

    /// `maxSteps` → `max-steps`; the one option whose flag has another name than its property stands here.
    private static func flag(_ property: String) -> String {
        if property == "dataFolder" { return "data-directory" }
        return property.reduce(into: "") { text, character in
            if character.isUppercase { text += "-" }
            text += character.lowercased()
        }
    }
}

extension RecordValue {
    /// The value as people read it.
    var text: String {
        switch self {
        case .none: "none"
        case .flag(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .single(let value): "\(value)"
        case .text(let value): value
        case .list(let values): values.map(\.text).joined(separator: ",")
        }
    }
}

private protocol RecordedOption {
    var recordedValue: RecordValue { get }
}

private protocol RecordedGroup {
    var recordedGroup: Any { get }
}

extension Option: RecordedOption {
    fileprivate var recordedValue: RecordValue { recorded(wrappedValue) }
}

extension Flag: RecordedOption {
    fileprivate var recordedValue: RecordValue { recorded(wrappedValue) }
}

extension Argument: RecordedOption {
    fileprivate var recordedValue: RecordValue { recorded(wrappedValue) }
}

extension OptionGroup: RecordedGroup {
    fileprivate var recordedGroup: Any { wrappedValue }
}

private func recorded(_ value: Any) -> RecordValue {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional { return mirror.children.first.map { recorded($0.value) } ?? .none }
    if mirror.displayStyle == .collection { return .list(mirror.children.map { recorded($0.value) }) }
    return switch value {
    case let value as Bool: .flag(value)
    case let value as any BinaryInteger: Int(exactly: value).map(RecordValue.integer) ?? .text("\(value)")
    case let value as Double: .number(value)
    case let value as Float: .single(value)
    default: .text("\(value)")
    }
}
