/// What can be set for a group of parameters.
public protocol OptimizerSettings {
    /// The length of a step.
    var learningRate: Double { get set }
    /// How strongly parameters are drawn to zero.
    var weightDecay: Double { get set }
    /// What a schedule that cycles the momentum changes.
    var momentum: Double { get set }

    /// The numbers that belong to the saved state, since training may change them.
    static var numbers: [SettingNumber<Self>] { get }
    /// What is wrong with the settings, a sentence each.
    var problems: [String] { get }
}

/// A number among the settings and its name in the saved state.
public struct SettingNumber<Settings> {
    /// The name in the saved state.
    public let name: String
    /// The property.
    public let property: WritableKeyPath<Settings, Double>

    /// Names a property.
    public init(_ name: String, _ property: WritableKeyPath<Settings, Double>) {
        self.name = name
        self.property = property
    }
}

func requireNonNegative(_ name: String, _ value: Double, _ problems: inout [String]) {
    if !(value >= 0 && value.isFinite) { problems.append("\(name) is \(value); it must be finite and at least 0") }
}
