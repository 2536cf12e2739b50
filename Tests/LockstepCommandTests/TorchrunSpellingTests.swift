import Testing

@testable import LockstepCommand

@Suite("torchrun's spelling of options")
struct TorchrunSpellingTests {
    @Test(
        "becomes our own, up to the program's name",
        arguments: [
            ("--nproc-per-node 4 train.py --nproc-per-node 2", "--nproc 4 train.py --nproc-per-node 2"),
            ("--nproc_per_node=auto a", "--nproc auto a"), ("--nproc-per-node cpu a", "--nproc auto a"),
            ("--standalone --nnodes=1 --nproc-per-node=2 a", "--nnodes 1 --nproc 2 a"),
            (
                "--nnodes 2:2 --node_rank 1 --master_addr 10.0.0.1 --master_port 2345 a",
                "--nnodes 2 --node-rank 1 --rendezvous tcp://10.0.0.1:2345 a"
            ),
            (
                "--nnodes 2 --node-rank 0 --rdzv-backend c10d --rdzv-id 7 --rdzv-endpoint [fd00::1]:99 a",
                "--nnodes 2 --node-rank 0 --rendezvous tcp://[fd00::1]:99 a"
            ),
            (
                "--nnodes 2 --node-rank 0 --rdzv_endpoint=host-a a",
                "--nnodes 2 --node-rank 0 --rendezvous tcp://host-a:29400 a"
            ),
            ("--master-port 3000 --nproc 2 a", "--nproc 2 --rendezvous tcp://127.0.0.1:3000 a"),
            (
                "--max_restarts=3 --log_dir logs -r 3 -t 1 --monitor-interval 5 --nproc 1 a",
                "--max-restarts 3 --log-directory logs --nproc 1 a"
            ),
            ("-m --nproc 2 package.module x", "-m --nproc 2 package.module x"),
            ("--no_python --nproc 2 ./a", "--no-python --nproc 2 ./a"),
            ("a --nproc 2", "--nproc 1 a --nproc 2"), ("-- a", "--nproc 1 -- a"), ("--nproc", "--nproc"), ("", ""),
        ])
    func translated(_ given: String, _ expected: String) throws {
        func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
        #expect(try TorchrunSpelling(words(given)).arguments == words(expected))
    }

    @Test("is refused where it asks for something else", arguments: ["--nnodes 1:4 a", "--rdzv-backend etcd a"])
    func refused(_ given: String) {
        #expect(throws: (any Error).self) { try TorchrunSpelling(given.split(separator: " ").map(String.init)) }
    }
}
