import Testing

@testable import HostNetwork

struct TCPTableTests {
    @Test(
        .enabled("the lines are those of a little-endian machine") { 1.littleEndian == 1 },
        arguments: [
            (
                "   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 34567 1",
                "127.0.0.1", 9000, TCPTable.State.listening, 34567 as UInt64
            ),
            (
                "  12: 0201000A:0016 0101000A:D431 01 00000000:00000000 02:000AF2B1 00000000     0        0 88 2",
                "10.0.1.2", 22, .established, 88
            ),
            (
                "   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
                    + "00000000:00000000 00:00000000 00000000     0        0 18446744073709551615 1",
                "::1", 80, .listening, .max
            ),
            (
                "   2: 0000000000000000FFFF00000201000A:0050 0000000000000000FFFF00000101000A:1234 06 "
                    + "00000000:00000000 00:00000000 00000000     0        0 0 1",
                "10.0.1.2", 80, .other, 0
            ),
        ])
    func `a line is read`(
        _ line: String, _ address: String, _ port: Int, _ state: TCPTable.State, _ inode: UInt64
    ) throws {
        let row = TCPTable.Row(address: try #require(IPAddress(address)), port: port, state: state, inode: inode)
        #expect(TCPTable("  sl  local_address rem_address   st tx_queue\n\(line)\n").rows == [row])
    }

    @Test(arguments: [
        "", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        "   0: 0100007F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 34567",
        "   0: 0100007G:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 34567",
        "   0: 01007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 34567",
        "   0: 0100007F:2328 00000000:0000 0A",
    ])
    func `what is no line of a socket is passed over`(_ line: String) {
        #expect(TCPTable(line).rows.isEmpty)
    }
}
