/// A number of things in words: `1 rank`, `4 ranks`.
func counted(_ count: Int, _ unit: String) -> String {
    "\(count) \(unit)\(count == 1 ? "" : "s")"
}
