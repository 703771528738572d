// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "micro",
    dependencies: [
        .package(name: "coffer", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Without its traits it counts no allocations, and needs no package that replaces malloc.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Parts",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"), .product(name: "CofferParts", package: "coffer"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/Parts",
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ]
)
