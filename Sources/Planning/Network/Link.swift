/// What connects two ranks.
public struct Link: Sendable, Hashable {
    /// Bytes a second that it carries in each direction, headers included; infinite where nothing limits it.
    public let bandwidth: Double
    /// Seconds from one rank's sending of a small message to the other's having it, software included.
    public let latency: Double
    /// The part of ``bandwidth`` that is left for data.
    public let payloadShare: Double

    /// What TCP on Ethernet leaves for data; with packets of 1,500 bytes, 1448/1538.
    ///
    /// Of a packet, 40 bytes are headers and 12 a time stamp; the frame adds 38 with preamble, checksum and gap.
    ///
    /// - Parameter packetBytes: the size of a packet (MTU), from 68 to 65,535 bytes.
    public static func ethernetPayloadShare(packetBytes: Int) -> Double {
        Double(packetBytes - 52) / Double(packetBytes + 38)
    }

    /// A link.
    ///
    /// - Throws: ``PlanningError`` with `invalidArgument` for a bandwidth of 0 or less, or a negative latency.
    public init(
        bandwidth: Double, latency: Double, payloadShare: Double = ethernetPayloadShare(packetBytes: 1500)
    ) throws {
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
