/// A number of things in words: `1 rank`, `4 ranks`.
func counted(_ count: Int, _ unit: String, plural: String? = nil) -> String {
    "\(count) \(count == 1 ? unit : plural ?? "\(unit)s")"
}
