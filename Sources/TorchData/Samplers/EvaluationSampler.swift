/// One rank's share of an evaluation: the places r, r + w, … of the data set, each exactly once.
///
/// Shares differ by one sample at most, and are empty where there are more ranks than samples.
struct EvaluationSampler: Sampler {
    let total: Int
    let worldSize: Int
    let rank: Int

    var count: Int { rank < total ? (total - rank - 1) / worldSize + 1 : 0 }

    func indices(epoch: Int) -> [Int] { Array(stride(from: rank, to: total, by: worldSize)) }
}
