import Testing

@testable import LockstepCommand

struct VisibleGPUsTests {
    private static let listing = """
        GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa1111-22)
          MIG 3g.20gb     Device  0: (UUID: MIG-c7384736-a75d)
          MIG 2g.10gb     Device  1: (UUID: MIG-a28ad590-3fda)
        GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa3333-44)
        GPU 2: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb5555-66)

        """

    @Test func `the tool's listing is read`() {
        let gpus = GPU.list(from: Self.listing)
        #expect(gpus.map(\.index) == [0, 1, 2])
        #expect(Set(gpus.map(\.model)) == ["NVIDIA A100-SXM4-40GB"])
        #expect(gpus.map(\.uuid) == ["GPU-aaaa1111-22", "GPU-aaaa3333-44", "GPU-bbbb5555-66"])
        #expect(gpus.map(\.instances) == [["MIG-c7384736-a75d", "MIG-a28ad590-3fda"], [], []])
        #expect(GPU.list(from: "No devices were found\n").isEmpty)
    }

    @Test(
        arguments: [
            (nil, 3, nil), ("", 0, nil), ("-1", 0, nil), ("0", 1, nil), ("2,1,0", 3, nil), (" 2 , 1 ", 2, nil),
            ("0,-1,1", 1, nil), ("0,,1", 1, nil),
            ("3", 0, "3"), ("1,x,0", 1, "x"), ("1,GPU-cccc", 1, "GPU-cccc"),
            ("GPU-aaaa1", 1, nil), ("GPU-aaaa", 0, "GPU-aaaa"), ("GPU-bbbb5555-66,GPU-aaaa3", 2, nil),
            ("MIG-c7384736-a75d,MIG-a28", 2, nil), ("MIG-0", 0, "MIG-0"),
            ("1,1", 0, "1"), ("GPU-bbbb,2", 0, "2"),
        ] as [(String?, Int, String?)])
    func `the variable is read as CUDA reads it`(_ variable: String?, _ count: Int, _ culprit: String?) {
        let visible = VisibleGPUs(of: GPU.list(from: Self.listing), variable: variable)
        #expect(visible.count == count)
        #expect((visible.problem == nil) == (culprit == nil))
        if let culprit { #expect(visible.problem?.hasPrefix("\(culprit) ") == true) }
    }
}
