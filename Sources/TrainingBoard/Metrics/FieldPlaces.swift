import Glibc

/// Numbers for the names of fields, found without making a string of every name of every line.
struct FieldPlaces: Sendable {
    /// What a metric is for the list of runs.
    enum Role: Sendable { case loss, accuracy, other }

    private(set) var names: [String] = []
    private(set) var roles: [Role] = []
    private var bytes: [[UInt8]] = []

    /// More names than this are one: a file of nonsense must not fill the memory.
    static let mostNames = 256

    /// The number of a name, a new one where it is new.
    ///
    /// - Parameter previous: The number of the field before, since fields mostly follow each other as in the line before.
    mutating func place(of name: UnsafeBufferPointer<UInt8>, after previous: Int?) -> Int {
        let guess = previous.map { $0 + 1 } ?? 0
        if guess < bytes.count, isEqual(bytes[guess], name) { return guess }
        if let found = bytes.firstIndex(where: { isEqual($0, name) }) { return found }
        guard bytes.count < Self.mostNames else { return bytes.count - 1 }
        let text = FlatText.string(name)
        bytes.append(Array(name))
        names.append(text)
        roles.append(text == "loss" ? .loss : text == "accuracy" ? .accuracy : .other)
        return bytes.count - 1
    }

    private func isEqual(_ known: [UInt8], _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard known.count == name.count, let base = name.baseAddress else { return false }
        return known.withUnsafeBytes { $0.baseAddress.map { memcmp($0, base, name.count) == 0 } ?? false }
    }
}
