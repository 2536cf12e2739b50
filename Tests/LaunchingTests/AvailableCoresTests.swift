import Testing

@testable import Launching

@Suite("The cores that a process may use")
struct AvailableCoresTests {
    @Test(
        "are those of the affinity mask",
        arguments: [("0-3", 4), ("0", 1), ("0-1,4,6-7", 5), ("0-63,128-191", 128)])
    func affinity(_ list: String, _ count: Int) {
        let status = "Name:\tfashion-mnist\nCpus_allowed:\tff\nCpus_allowed_list:\t\(list)\nMems_allowed:\t1\n"
        #expect(AvailableCores.affinity(from: status) == count)
    }

    @Test("are unknown where the system does not say", arguments: ["", "Name:\tx\n", "Cpus_allowed_list:\t\n"])
    func unknownAffinity(_ status: String) {
        #expect(AvailableCores.affinity(from: status) == nil)
    }

    @Test(
        "are limited by the control group's quota",
        arguments: [
            ("200000 100000\n", 2), ("150000 100000\n", 2), ("50000 100000\n", 1), ("max 100000\n", nil), ("", nil),
        ])
    func quota(_ text: String, _ count: Int?) {
        #expect(AvailableCores.quota(from: text) == count)
    }

    @Test("are at least one")
    func atLeastOne() {
        #expect(AvailableCores.count >= 1)
    }

    @Test(
        "are shared by a machine's ranks, one at least for each",
        arguments: [(8, 1, 8), (8, 2, 4), (8, 3, 2), (2, 2, 1), (2, 5, 1), (1, 0, 1)])
    func threads(_ cores: Int, _ ranks: Int, _ threads: Int) {
        #expect(AvailableCores.threadsPerRank(localWorldSize: ranks, cores: cores) == threads)
    }
}
