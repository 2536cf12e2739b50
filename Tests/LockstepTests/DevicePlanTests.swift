import Testing

@testable import Lockstep

@Suite("The GPUs of a machine's ranks")
struct DevicePlanTests {
    @Test(
        "must be enough, unless they are shared",
        arguments: [
            (
                4, "cuda", 2, "4,5", false,
                "4 ranks asked, 2 GPUs visible (CUDA_VISIBLE_DEVICES=4,5); use --nproc 2 or --share-gpu"
            ),
            (4, nil, 2, nil, false, "4 ranks asked, 2 GPUs visible; use --nproc 2 or --share-gpu"),
            (2, "cuda", 0, "", true, "2 ranks asked, 0 GPUs visible (CUDA_VISIBLE_DEVICES=); use --device cpu"),
            (4, nil, 2, nil, true, nil), (2, "cuda", 2, nil, false, nil), (4, nil, 0, nil, false, nil),
            (4, "cpu", 2, nil, false, nil),
        ] as [(Int, String?, Int, String?, Bool, String?)])
    func enough(_ ranks: Int, _ device: String?, _ count: Int, _ visible: String?, _ shares: Bool, _ text: String?) {
        var message: String?
        do {
            try DevicePlan.require(ranks, on: device, count: count, visible: visible, shares: shares)
        } catch {
            message = "\(error)"
        }
        #expect(message == text)
    }
}
