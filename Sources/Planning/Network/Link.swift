/// What connects two ranks.
public struct Link: Sendable, Hashable {
    /// Bytes a second that it carries in each direction, headers included; infinite where nothing limits it.
    public let bandwidth: Double
    /// Seconds from one rank's sending of a small message to the other's having it, software included.
    public let latency: Double
    /// The part of ``bandwidth`` that is left for data.
    public let payloadShare: Double

    /// TCP on Ethernet with packets of 1,500 bytes: 1,448 bytes of data (40 are headers, 12 a time stamp) in a frame of
    /// 1,514, which preamble, checksum and gap make 1,538 on the wire.
    public static let ethernetPayloadShare = 1448.0 / 1538

    /// A link.
    ///
    /// - Throws: ``PlanningError`` with `invalidArgument` for a bandwidth of 0 or less, or a negative latency.
    public init(bandwidth: Double, latency: Double, payloadShare: Double = ethernetPayloadShare) throws {
        guard bandwidth > 0, payloadShare > 0, payloadShare <= 1 else {
            throw PlanningError(
                .invalidArgument, "a link of \(QuantityText.bandwidth(bandwidth)) carries nothing; give it more than 0")
        }
        guard latency >= 0, latency.isFinite else {
            throw PlanningError(.invalidArgument, "a latency of \(latency) s is not possible; it is 0 or more")
        }
        self.bandwidth = bandwidth
        self.latency = latency
        self.payloadShare = payloadShare
    }

    /// Seconds that `bytes` of data take on the way, without the latency.
    public func transferSeconds(_ bytes: Double) -> Double { bytes / (bandwidth * payloadShare) }
}
