import TorchDistributed

// What this rank is doing: for the message of one that waits for it, and for those who look on.
extension Accelerator {
    /// Tells what this rank does from now on, in words that follow `it is`; costs a few stores to memory.
    func note(_ text: StaticString, _ number: Int, _ rest: StaticString = "") {
        ranks.group?.note(text, number, rest)
        monitor?.activity.note(rest.utf8CodeUnitCount > 0 ? rest : text)
    }

    /// The same for a text without a number.
    func note(_ text: @autoclosure () -> String) {
        guard ranks.group != nil || monitor != nil else { return }
        let text = text()
        ranks.group?.note(text)
        monitor?.activity.note(text)
    }

    /// Shows where the training is, and the step that has ended if somebody wants to see it; after a batch.
    func showProgress() {
        guard let activity = monitor?.activity else { return }
        activity.move(to: .init(step: step, epoch: epoch, batch: batch, samples: loop.time.samples))
        let moment = TrainingTime.now
        if activity.isWatched(at: step), loop.stepBegin > 0 {
            activity.show(.init(number: step, begin: loop.stepBegin, phases: loop.time.phases - loop.phasesAtStep))
        }
        loop.stepBegin = moment
        loop.phasesAtStep = loop.time.phases
    }
}
