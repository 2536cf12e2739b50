import Torch

/// What reflection finds among the stored properties of a module, and what it must refuse.
struct DeclaredMembers {
    private(set) var members: [ModuleMember] = []
    private(set) var problems: [String] = []

    init(of module: Module, names: [String: String]) {
        var mirrors: [Mirror] = []
        var next: Mirror? = Mirror(reflecting: module)
        while let mirror = next, mirror.subjectType != Module.self {
            mirrors.append(mirror)
            next = mirror.superclassMirror
        }
        for mirror in mirrors.reversed() {
            for (label, value) in mirror.children { add(label ?? "", value, names) }
        }
    }

    private mutating func add(_ label: String, _ value: Any, _ names: [String: String]) {
        if label.hasPrefix(Self.lazyPrefix) {
            problems.append(
                "`lazy var \(label.dropFirst(Self.lazyPrefix.count))` does not exist yet, and parts that appear later would "
                    + "change the model while it is used; make it a plain property that is set in init")
            return
        }
        if let declared = value as? any DeclaredTensor {
            guard let tensor = declared.declared else { return }
            let name = Self.stateName(String(label.dropFirst()), names)  // the wrapper's storage is `_name`
            members.append(ModuleMember(name, declared.isTrained ? .parameter(tensor) : .buffer(tensor)))
            return
        }
        let name = Self.stateName(label, names)
        if let module = value as? Module {
            members.append(ModuleMember(name, .module(module)))
        } else if let modules = value as? [Module] {
            for (index, module) in modules.enumerated() {
                members.append(ModuleMember("\(name).\(index)", .module(module)))
            }
        } else {
            refuseHidden(label, value)
        }
    }

    /// Modules in containers that have no order or no names would be trained by nobody.
    private mutating func refuseHidden(_ label: String, _ value: Any) {
        guard let container = Self.hidingPlace(value) else { return }
        problems.append(
            "`\(label)` is \(container) that holds modules or parameters, which have no order or name there; make them "
                + "properties of their own or an array of modules")
    }

    /// What kind of value hides modules or parameters; nil where there are none.
    private static func hidingPlace(_ value: Any) -> String? {
        let mirror = Mirror(reflecting: value)
        let parts = mirror.children.lazy.map(\.value)
        let kind: String
        switch mirror.displayStyle {
        case .dictionary: kind = "a dictionary"
        case .set: kind = "a set"
        case .tuple: kind = "a tuple"
        case .collection: kind = "a collection"
        case .struct, .enum: kind = "a value of type \(mirror.subjectType)"
        case .optional: return parts.first.flatMap(hidingPlace)
        default: return nil
        }
        if let container = type(of: value) as? any Container.Type, container.part is Module.Type { return kind }
        // Elements of one collection are alike: a few are enough, and long arrays of numbers cost nothing.
        let holds = parts.prefix(mirror.displayStyle == .collection ? 4 : .max).contains {
            $0 is Module || $0 is any DeclaredTensor || hidingPlace($0) != nil
        }
        return holds ? kind : nil
    }

    private static let lazyPrefix = "$__lazy_storage_$_"

    private static func stateName(_ property: String, _ names: [String: String]) -> String {
        if let name = names[property] { return name }
        var text = ""
        var previous: Character?
        for character in property {
            if character.isUppercase, let before = previous, !before.isUppercase, before != "_" { text += "_" }
            text += character.lowercased()
            previous = character
        }
        return text
    }
}

/// Containers whose type tells that they are for modules even while they are empty.
private protocol Container {
    static var part: Any.Type { get }
}

extension Dictionary: Container {
    static var part: Any.Type { Value.self }
}

extension Set: Container {
    static var part: Any.Type { Element.self }
}
