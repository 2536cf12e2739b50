import RankProtocol
import Testing

@Suite("A rank's environment")
struct RankEnvironmentTests {
    private static let whole = [
        "RANK": "5", "LOCAL_RANK": "1", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "GROUP_RANK": "1",
        "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500",
    ]

    @Test("is read, and written the same")
    func whole() throws {
        let place = try #require(try RankEnvironment(environment: Self.whole.merging(["HOME": "x"]) { $1 }))
        #expect((place.rank, place.localRank, place.groupRank) == (5, 1, 1))
        #expect((place.worldSize, place.localWorldSize) == (8, 4))
        #expect((place.masterAddress, place.masterPort) == ("10.0.0.1", 29500))
        #expect(place.variables == Self.whole)
    }

    @Test("is absent without RANK and WORLD_SIZE")
    func absent() throws {
        #expect(try RankEnvironment(environment: [:]) == nil)
        #expect(try RankEnvironment(environment: ["MASTER_ADDR": "a", "MASTER_PORT": "1", "LOCAL_RANK": "0"]) == nil)
    }

    struct Defaults: Sendable, CustomTestStringConvertible {
        let given: [String: String]
        let local: (rank: Int, worldSize: Int, group: Int)
        var testDescription: String { "\(given)" }
    }

    @Test(
        "has local numbers that follow from the others where they are absent",
        arguments: [
            Defaults(given: ["RANK": "3", "MASTER_ADDR": "127.0.0.1"], local: (3, 8, 0)),
            Defaults(given: ["RANK": "3", "MASTER_ADDR": "localhost"], local: (3, 8, 0)),
            Defaults(given: ["RANK": "3", "MASTER_ADDR": "::1"], local: (3, 8, 0)),
            Defaults(given: ["RANK": "3", "MASTER_ADDR": "node-0"], local: (0, 1, 3)),
            Defaults(given: ["RANK": "6", "MASTER_ADDR": "node-0", "LOCAL_WORLD_SIZE": "4"], local: (2, 4, 1)),
            Defaults(given: ["RANK": "3", "MASTER_ADDR": "127.0.0.1", "LOCAL_RANK": "1"], local: (1, 8, 0)),
            Defaults(given: ["RANK": "3", "MASTER_ADDR": "node-0", "LOCAL_RANK": "1"], local: (1, 2, 1)),
            Defaults(given: ["RANK": "3", "MASTER_ADDR": "127.0.0.1", "GROUP_RANK": "2"], local: (3, 8, 2)),
        ])
    func defaults(_ row: Defaults) throws {
        let variables = row.given.merging(["WORLD_SIZE": "8", "MASTER_PORT": "1"]) { $1 }
        let place = try #require(try RankEnvironment(environment: variables))
        #expect((place.localRank, place.localWorldSize, place.groupRank) == row.local)
    }

    @Test(
        "names what is missing",
        arguments: [
            (["RANK"], "RANK in the environment, but not WORLD_SIZE, MASTER_ADDR, MASTER_PORT."),
            (["WORLD_SIZE"], "WORLD_SIZE in the environment, but not RANK, MASTER_ADDR, MASTER_PORT."),
            (["RANK", "WORLD_SIZE", "MASTER_ADDR"], "but not MASTER_PORT."),
            (["WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"], "but not RANK."),
        ])
    func missing(_ given: [String], _ text: String) {
        let error = #expect(throws: RankProtocolError.self) {
            try RankEnvironment(environment: Self.whole.filter { given.contains($0.key) })
        }
        #expect(error?.code == .missingVariable)
        #expect(error?.message.contains(text) == true, "\(String(describing: error))")
    }

    @Test(
        "names what is malformed",
        arguments: [
            ("RANK", ""), ("RANK", "-1"), ("RANK", "two"), ("RANK", "1.5"), ("RANK", " 1"), ("WORLD_SIZE", "0"),
            ("WORLD_SIZE", "-8"), ("LOCAL_RANK", "-1"), ("LOCAL_RANK", "x"), ("LOCAL_WORLD_SIZE", "0"),
            ("GROUP_RANK", "-1"), ("MASTER_PORT", "0"), ("MASTER_PORT", "65536"), ("MASTER_PORT", "http"),
            ("MASTER_ADDR", ""), ("RANK", "99999999999999999999"),
        ])
    func malformed(_ name: String, _ value: String) {
        let error = #expect(throws: RankProtocolError.self) {
            try RankEnvironment(environment: Self.whole.merging([name: value]) { $1 })
        }
        #expect(error?.code == .malformedVariable)
        #expect(error?.message.hasPrefix("\(name) is ") == true, "\(String(describing: error))")
    }

    @Test(
        "names what contradicts",
        arguments: [
            ("RANK", "8", "RANK is 8 and WORLD_SIZE is 8: RANK has to be less than WORLD_SIZE."),
            ("LOCAL_RANK", "4", "LOCAL_RANK is 4 and LOCAL_WORLD_SIZE is 4"),
            ("LOCAL_WORLD_SIZE", "9", "LOCAL_WORLD_SIZE is 9 and WORLD_SIZE is 8: LOCAL_WORLD_SIZE has to be at most"),
        ])
    func contradiction(_ name: String, _ value: String, _ text: String) {
        let error = #expect(throws: RankProtocolError.self) {
            try RankEnvironment(environment: Self.whole.merging([name: value]) { $1 })
        }
        #expect(error?.code == .contradiction)
        #expect(error?.message.hasPrefix(text) == true, "\(String(describing: error))")
    }
}
