import Testing

@testable import RankProtocol

@Suite("Slurm's notations")
struct HostListTests {
    @Test(
        "list hosts",
        arguments: [
            ("a", ["a"]), ("a,b", ["a", "b"]),
            ("node[01-03,7],gpu-a", ["node01", "node02", "node03", "node7", "gpu-a"]),
            ("n[8-11]", ["n8", "n9", "n10", "n11"]), ("n[098-101]", ["n098", "n099", "n100", "n101"]),
            ("r[1-2]n[01-02]", ["r1n01", "r1n02", "r2n01", "r2n02"]), ("n[1-2].example", ["n1.example", "n2.example"]),
            ("gpu-a[3]", ["gpu-a3"]), ("[1-2]", ["1", "2"]), ("a-1,b-[2,4]", ["a-1", "b-2", "b-4"]),
        ])
    func hosts(_ text: String, _ hosts: [String]) throws {
        #expect(try HostList.expand(text, of: "L") == hosts)
    }

    @Test(
        "are refused where they are malformed",
        arguments: [
            "", "a,", ",a", "a[", "a]", "a[]", "a[1", "a[1-]", "a[-1]", "a[2-1]", "a[1-2-3]", "a[x]", "a[1,,2]", "a b",
            "a[1[2]]", "a[1-999999999]", "a[1-9999]b[1-9999]", "a[99999999999999999999]",
        ])
    func malformedHosts(_ text: String) {
        let error = #expect(throws: RankProtocolError.self) { try HostList.expand(text, of: "L") }
        #expect(error?.code == .malformedVariable)
        #expect(error?.message.hasPrefix("L is \"\(text)\"") == true)
    }

    @Test("list numbers of tasks", arguments: [("4", [4]), ("2(x3),1", [2, 2, 2, 1]), ("2,1", [2, 1])])
    func counts(_ text: String, _ counts: [Int]) throws {
        #expect(try TaskCounts.expand(text, of: "T") == counts)
    }

    @Test(
        "of tasks are refused where they are malformed",
        arguments: ["", "x", "0", "-1", "2(x0)", "2(3)", "2(x3", "2(x)", "2,,1", "2(x999999999)"])
    func malformedCounts(_ text: String) {
        let error = #expect(throws: RankProtocolError.self) { try TaskCounts.expand(text, of: "T") }
        #expect(error?.code == .malformedVariable)
    }
}
