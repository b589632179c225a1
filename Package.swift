// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled the same way: Swift 6 mode, imports as narrow as they can be, warnings as errors.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// Products of other packages, by the name the targets below use.
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func room(
    _ name: String,
    uses dependencies: [Target.Dependency],
    resources: [Resource] = [],
    settings: [SwiftSetting] = [],
    testUses: [Target.Dependency] = [],
    testFiles: [String] = []
) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: house + settings),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.target(name: name)] + dependencies + testUses,
            exclude: testFiles,
            swiftSettings: house
        ),
    ]
}

let package = Package(
    name: "loopguard",
    products: [
        .executable(name: "loopguard", targets: ["loopguard"]),
        .library(name: "LoopGuard", targets: ["Guard", "Rules"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // The core: bytes in, bytes and effects out. No I/O, no clock, no Foundation.
        room("JSONBytes", uses: []),
        room("ServerSentEvents", uses: []),
        room("GenerationWire", uses: ["JSONBytes", "ServerSentEvents"]),
        room("LoopDetection", uses: ["CXXHash", "GenerationWire", "JSONBytes"]),
        room("Cancellation", uses: []),
        room("RunIdentity", uses: ["GenerationWire", "JSONBytes"]),
        room("Engines", uses: ["JSONBytes"]),
        room("Guard", uses: ["Cancellation", "GenerationWire", "JSONBytes", "LoopDetection", "ServerSentEvents"]),

        // The edge: files, sockets, clocks.
        [
            .target(name: "CPosixShared"),
            .target(name: "CancelBoard", dependencies: ["CPosixShared", "Cancellation"], swiftSettings: house),
            .testTarget(
                name: "CancelBoardTests",
                // The benchmarks' program is also the other process.
                dependencies: ["CancelBoard", "Cancellation", "loopguard-bench"],
                swiftSettings: house
            ),
        ],
        room("Rules", uses: ["GenerationWire", "Guard", "LoopDetection", "RunIdentity", yams]),
        room("Runs", uses: ["Cancellation", "Guard", "LoopDetection", "RunIdentity"]),
        room("Exposition", uses: [coreMetrics, metrics]),
        room(
            "Recordings",
            uses: [
                "CXXHash", "CZstd", "Exposition", "GenerationWire", "Guard", "JSONBytes", "LoopDetection",
                "ServerSentEvents",
                coreMetrics, logging, metrics, yams,
            ]
        ),
        room("RecordingIndex", uses: ["GenerationWire", "Recordings", grdb]),
        room(
            "EmbeddedEngine",
            uses: [
                "COpenBLAS", "CancelBoard", "Cancellation", "Exposition", "JSONBytes", logging, metrics, nioCore,
                nioHTTP1, nioPosix,
            ],
            resources: [.copy("Resources/small")],
            // A model that is not optimised is a hundred times slower, and with it every test of an engine.
            settings: [.unsafeFlags(["-O"], .when(configuration: .debug))],
            testFiles: ["Golden"]
        ),
        room("Dashboard", uses: [], resources: [.embedInCode("Pages")]),
        room(
            "Gateway",
            uses: [
                "CancelBoard", "Cancellation", "Dashboard", "Engines", "Exposition", "GenerationWire", "Guard",
                "JSONBytes", "LoopDetection", "Recordings", "Rules", "RunIdentity", "Runs",
                coreMetrics, logging, metrics, nioCore, nioEmbedded, nioHTTP1, nioPosix,
            ],
            testUses: ["Replay"]
        ),
        room("CurlHTTP", uses: ["CCurl"], testUses: ["ScriptedServer"]),
        room("TerminalText", uses: []),
        room("ControlClient", uses: ["CurlHTTP", "ServerSentEvents", "TerminalText"], testUses: ["ScriptedServer"]),
        room(
            "Doctor",
            uses: ["CurlHTTP", "Engines", "GenerationWire", "JSONBytes", "ServerSentEvents", "TerminalText"],
            testUses: ["EmbeddedEngine", "ScriptedServer", nioCore]
        ),
        room(
            "Replay",
            uses: ["Cancellation", "GenerationWire", "Guard", "LoopDetection", "Recordings", "Rules"]
        ),
        [
            .executableTarget(
                name: "loopguard",
                dependencies: [
                    "CancelBoard", "Cancellation", "ControlClient", "CurlHTTP", "Doctor", "EmbeddedEngine", "Engines",
                    "Exposition", "Gateway", "GenerationWire", "Guard", "LoopDetection", "RecordingIndex", "Recordings",
                    "Replay", "Rules", "RunIdentity", "Runs", argumentParser, logging, metrics, nioCore,
                    serviceLifecycle, unixSignals, yams,
                ],
                swiftSettings: house
            ),
            .target(
                name: "ScriptedServer",
                dependencies: [nioCore, nioHTTP1, nioPosix],
                path: "Tests/ScriptedServer",
                swiftSettings: house
            ),
            .testTarget(name: "CommandLineTests", dependencies: ["loopguard"], swiftSettings: house),

            // Every figure that the documents claim: `swift run -c release loopguard-bench`.
            .executableTarget(
                name: "loopguard-bench",
                dependencies: [
                    "CCurl", "COpenBLAS", "CancelBoard", "Cancellation", "EmbeddedEngine", "GenerationWire", "Guard",
                    "JSONBytes", "LoopDetection", "Recordings", "Replay", "Rules", "RunIdentity", "Runs",
                    "ServerSentEvents",
                    argumentParser, logging, nioCore, nioHTTP1, nioPosix,
                ],
                path: "Benchmarks",
                swiftSettings: house
            ),
            .testTarget(
                name: "BenchmarksTests",
                dependencies: ["GenerationWire", "Guard", "loopguard-bench", nioCore],
                swiftSettings: house
            ),

            .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
            .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
            .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
            .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        ],
    ].flatMap(\.self)
)
