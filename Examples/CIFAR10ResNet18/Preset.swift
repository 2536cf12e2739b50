import Lockstep

/// A recipe for the training, with what it does where the command line says nothing.
enum Preset: String, CaseIterable, ExpressibleByArgument {
    /// Adam with one learning rate, and the images as they are.
    case article
    /// What has been found out since: a network for small images, changed images, and one rise and fall of SGD.
    ///
    /// It takes about as long as the article's.
    case fast

    var epochs: Int { self == .article ? 10 : 16 }
    var batchSize: Int { self == .article ? 16 : 128 }
    var learningRate: Double { self == .article ? 1e-3 : 0.4 }
}
