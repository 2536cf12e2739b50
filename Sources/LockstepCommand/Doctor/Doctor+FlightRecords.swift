import RankProtocol

extension Doctor {
    /// Shows what the ranks of a run that failed did last.
    ///
    /// - Throws: `FlightRecordError` where the folder has no record.
    func showFlightRecords(of folder: String) throws {
        for line in try FlightRecordReport(folder: folder).lines { print(line) }
    }
}
