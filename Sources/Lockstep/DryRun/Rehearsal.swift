/// How much of a training a dry run does.
struct Rehearsal {
    /// The steps of each of its trainings that begin anew or where `--resume` says.
    static let steps = 2

    /// After how many optimizer steps the training ends.
    let steps: Int
    /// Whether it repeats steps that were done before, so that there is nothing new to print.
    let isRepeated: Bool
}
