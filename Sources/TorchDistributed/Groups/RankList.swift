/// Ranks in a message: `rank 1`, `ranks 0, 2`.
func ranksInWords(_ ranks: some Collection<Int>) -> String {
    "\(ranks.count == 1 ? "rank" : "ranks") \(ranks.sorted().map(String.init).joined(separator: ", "))"
}
