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
            refuseLazy(String(label.dropFirst(Self.lazyPrefix.count)), value)
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

    private mutating func refuseLazy(_ label: String, _ value: Any) {
        guard let optional = type(of: value) as? any OptionalType.Type, optional.wrapped is Module.Type else { return }
        problems.append(
            "`lazy var \(label)` is a module that may not exist yet, so the model's parameters would change while it is "
                + "used; make it a plain property that is set in init")
    }

    /// Modules in containers that have no order or no names would be trained by nobody.
    private mutating func refuseHidden(_ label: String, _ value: Any) {
        let mirror = Mirror(reflecting: value)
        let container: String
        switch mirror.displayStyle {
        case .dictionary: container = "a dictionary"
        case .set: container = "a set"
        case .tuple: container = "a tuple"
        case .struct, .enum: container = "a value of type \(mirror.subjectType)"
        default: return
        }
        let parts = mirror.children.flatMap { child in
            mirror.displayStyle == .dictionary ? Mirror(reflecting: child.value).children.map(\.value) : [child.value]
        }
        guard parts.contains(where: { $0 is Module || $0 is any DeclaredTensor }) else { return }
        problems.append(
            "`\(label)` is \(container) that holds modules or parameters, which have no order or name there; make them "
                + "properties of their own or an array")
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

private protocol OptionalType {
    static var wrapped: Any.Type { get }
}

extension Optional: OptionalType {
    static var wrapped: Any.Type { Wrapped.self }
}
