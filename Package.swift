// swift-tools-version: 6.2
import PackageDescription

// LibTorch is what `LIBTORCH` names, else the per-user link that `make setup` maintains.
let libtorch =
    Context.environment["LIBTORCH"] ?? "\(Context.environment["HOME"] ?? "~")/.cache/lockstep/libtorch"

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let cxx: [CXXSetting] = [
    .unsafeFlags(["-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include"]),
    .headerSearchPath("."),
    .headerSearchPath("GlooDeclarations"),
    .define("USE_C10D_GLOO"),
    .treatAllWarnings(as: .error),
]

let linker: [LinkerSetting] = [
    .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
    .linkedLibrary("torch_cpu"),
    .linkedLibrary("c10"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix"].map { .product(name: $0, package: "swift-nio") }
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func example(_ name: String, _ folder: String) -> Target {
    .executableTarget(name: name, dependencies: ["Lockstep"], path: "Examples/\(folder)", swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies + ["LockstepTesting"], swiftSettings: swift)
}

let package = Package(
    name: "lockstep",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Lockstep", targets: ["Lockstep"]),
        .library(name: "LockstepTesting", targets: ["LockstepTesting"]),
        .library(name: "Torch", targets: ["Torch"]),
        .library(name: "DatasetFiles", targets: ["DatasetFiles"]),
        .executable(name: "lockstep", targets: ["LockstepCommand"]),
        .executable(name: "lockstep-tune", targets: ["LockstepTune"]),
        .executable(name: "fashion-mnist", targets: ["fashion-mnist"]),
        .executable(name: "mnist-two-machines", targets: ["mnist-two-machines"]),
        .executable(name: "cifar10-resnet18", targets: ["cifar10-resnet18"]),
        .executable(name: "toy", targets: ["toy"]),
        .executable(name: "template", targets: ["template"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // Bottom up; a target depends only on what stands above it here.
        library("Files", []),
        library("HostNetwork", []),
        // A debug build of kernels would make every test of a training slow.
        .target(
            name: "CTorchKernels", cxxSettings: cxx + [.unsafeFlags(["-O3"])],
            linkerSettings: linker + [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(
            name: "CTorch", dependencies: ["CTorchKernels"], cxxSettings: cxx + [.headerSearchPath("../CTorchKernels")],
            linkerSettings: linker),
        library("Torch", ["CTorch", orderedCollections]),
        library("TorchNN", ["Torch", orderedCollections]),
        library("TorchOptim", ["TorchNN", orderedCollections]),
        library("TorchData", ["Torch"]),
        library("TorchMetrics", ["Torch"]),
        library("TorchDistributed", ["HostNetwork", "CTorch", "Torch", "TorchNN", orderedCollections]),
        library("RankProtocol", []),
        library("Launching", ["Files", "HostNetwork", "RankProtocol", argumentParser] + nio),
        library("DatasetFiles", ["Files", crypto]),
        library("TorchVision", ["Files", "TorchNN", "TorchData", "DatasetFiles"]),
        library("Checkpointing", ["Files", "Torch", crypto, orderedCollections]),
        .target(
            name: "Tracking", dependencies: ["Files", protobuf],
            // What the *.pb.swift beside them were generated from.
            exclude: [
                "Trackers/TensorBoard/TensorBoardEvent.proto", "Trackers/WeightsAndBiases/WandbRecord.proto",
            ],
            swiftSettings: swift),
        library("MetricsEndpoint", ["Tracking", coreMetrics, nioHTTP] + nio),
        library("Plotting", []),
        library("Planning", ["Plotting"]),
        library("RunFiles", []),
        library("RunReport", ["Files", "Plotting", "RunFiles"]),
        .target(
            name: "TrainingBoard", dependencies: ["RunFiles", hummingbird, httpTypes, logging] + nio,
            resources: [.embedInCode("Page")], swiftSettings: swift),
        library(
            "Lockstep",
            [
                "Files", "Torch", "TorchNN", "TorchOptim", "TorchData", "TorchMetrics", "DatasetFiles", "TorchVision",
                "TorchDistributed", "RankProtocol", "Launching", "Checkpointing", "Tracking", "MetricsEndpoint",
                "RunFiles", "RunReport", argumentParser, logging, orderedCollections,
            ]),
        .executableTarget(
            name: "LockstepCommand",
            dependencies: [
                "HostNetwork", "Files", "RankProtocol", "Launching", "DatasetFiles", "Planning", "RunFiles",
                "RunReport", "TrainingBoard", argumentParser,
            ],
            swiftSettings: swift),
        .executableTarget(name: "LockstepTune", dependencies: ["Torch", argumentParser], swiftSettings: swift),
        library("LockstepTesting", ["Torch", "TorchDistributed", "Checkpointing", orderedCollections]),

        example("fashion-mnist", "FashionMNIST"),
        example("mnist-two-machines", "MNISTTwoMachines"),
        example("cifar10-resnet18", "CIFAR10ResNet18"),
        example("toy", "Toy"),
        example("template", "Template"),

        tests("Files", ["Files"]),
        .testTarget(name: "HostNetworkTests", dependencies: ["HostNetwork"], swiftSettings: swift),
        tests("Torch", ["Torch", orderedCollections]),
        tests("TorchNN", ["TorchNN", orderedCollections]),
        tests("TorchOptim", ["TorchOptim", "TorchVision", "Checkpointing", orderedCollections]),
        tests("TorchData", ["TorchData"]),
        tests("TorchMetrics", ["TorchMetrics"]),
        tests("TorchDistributed", ["TorchDistributed", "TorchNN", "TorchOptim", "ranks-probe", orderedCollections]),
        .testTarget(name: "RankProtocolTests", dependencies: ["RankProtocol"], swiftSettings: swift),
        .testTarget(
            name: "LaunchingTests",
            dependencies: [
                "HostNetwork", "Launching", "RankProtocol", "TorchDistributed", "LockstepTesting", "launch-probe",
                argumentParser,
            ] + nio,
            swiftSettings: swift),
        tests("DatasetFiles", ["DatasetFiles", "dataset-download-probe", crypto]),
        tests("TorchVision", ["TorchVision", "Checkpointing", orderedCollections]),
        tests("Checkpointing", ["Checkpointing", "Files", orderedCollections]),
        tests("Tracking", ["Tracking"]),
        .testTarget(
            name: "MetricsEndpointTests", dependencies: ["MetricsEndpoint", "Tracking", metrics], swiftSettings: swift),
        .testTarget(name: "PlanningTests", dependencies: ["Planning"], swiftSettings: swift),
        .testTarget(name: "RunFilesTests", dependencies: ["RunFiles"], swiftSettings: swift),
        .testTarget(
            name: "RunReportTests", dependencies: ["RunReport", "RunFiles", "BrowserDriver"], swiftSettings: swift),
        .testTarget(
            name: "TrainingBoardTests",
            dependencies: [
                "TrainingBoard", "RunFiles", "BrowserDriver", hummingbird, httpTypes,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: swift),
        tests(
            "Lockstep",
            [
                "Lockstep", "RankProtocol", "RunFiles", "fashion-mnist", "mnist-two-machines", "cifar10-resnet18",
                "toy", "template", "training-probe", "LockstepCommand", "LockstepTune",
            ]),
        .testTarget(
            name: "LockstepCommandTests",
            dependencies: [
                "LockstepCommand", "LockstepTune", "HostNetwork", "Launching", "DatasetFiles", argumentParser,
            ],
            swiftSettings: swift),
        tests("Network", ["network-probe", "mnist-two-machines", "LockstepCommand", "toy"]),
        // What several tests use.
        .target(name: "BrowserDriver", path: "Tests/BrowserDriver", swiftSettings: swift),
        // Programs that tests and scripts start.
        .executableTarget(
            name: "memory-check", dependencies: ["CTorch", "Torch", "TorchNN", orderedCollections],
            path: "Tests/MemoryCheck", swiftSettings: swift),
        .executableTarget(
            name: "launch-probe", dependencies: ["Launching", "RankProtocol", argumentParser],
            path: "Tests/LaunchProbe", swiftSettings: swift),
        .executableTarget(
            name: "ranks-probe", dependencies: ["Torch", "TorchNN", "TorchDistributed"], path: "Tests/RanksProbe",
            swiftSettings: swift),
        .executableTarget(
            name: "shared-memory-probe", dependencies: ["CTorchKernels"], path: "Tests/SharedMemoryProbe",
            swiftSettings: swift),
        .testTarget(
            name: "SharedMemoryTests", dependencies: ["CTorchKernels", "shared-memory-probe"], swiftSettings: swift),
        .executableTarget(
            name: "network-probe", dependencies: ["Torch", "TorchNN", "TorchOptim", "TorchDistributed"],
            path: "Tests/NetworkProbe", swiftSettings: swift),
        .executableTarget(
            name: "training-probe", dependencies: ["Lockstep"], path: "Tests/TrainingProbe", swiftSettings: swift),
        // No dependency of tests, whose program would take over its stand-ins for system calls. They are exported, so that
        // those that are looked up by name are found too.
        .executableTarget(
            name: "checkpoint-probe", dependencies: ["Checkpointing", "CheckpointFaults", "Torch", orderedCollections],
            path: "Tests/CheckpointProbe", swiftSettings: swift,
            linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
        .target(name: "CheckpointFaults", path: "Tests/CheckpointFaults"),
        .executableTarget(
            name: "dataset-download-probe", dependencies: ["DatasetFiles"], path: "Tests/DatasetDownloadProbe",
            swiftSettings: swift),
    ],
    cxxLanguageStandard: .cxx20
)
