import TorchDistributed

// What this rank is doing, for the message of one that waits for it.
extension Accelerator {
    /// Tells the other ranks what this one does from now on, in words that follow `it is`; costs a few stores to memory.
    func note(_ text: StaticString, _ number: Int, _ rest: StaticString = "") {
        ranks.group?.note(text, number, rest)
    }

    /// The same for a text without a number.
    func note(_ text: @autoclosure () -> String) {
        ranks.group?.note(text())
    }
}
