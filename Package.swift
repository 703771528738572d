// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "CofferTesting"] + dependencies,
        swiftSettings: strict)
}

let package = Package(
    name: "coffer",
    products: [
        .executable(name: "coffer", targets: ["coffer"]),
        // For the benchmarks of single parts, a package of its own.
        .library(
            name: "CofferParts",
            targets: [
                "Accounts", "CofferTesting", "ConnectionPool", "JSON", "Metrics", "SQLCipher", "Secrets", "Timekeeping",
                "UserEngines", "Workers",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Without its JSON trait, which brings all of Foundation with 35 MB of Unicode data into the program.
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CSQLCipher", pkgConfig: "sqlcipher", providers: [.apt(["libsqlcipher-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CProcessor"),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),

        module("Timekeeping"),
        module("Workers", [deque]),
        module("Decimals"),
        module("JSON", ["Decimals"]),
        module("Metrics", ["CProcessor", "Decimals", "Timekeeping"]),
        module("Secrets", ["CSodium"]),
        module("SQLCipher", ["CSQLCipher", "Timekeeping", logging]),
        module("ConnectionPool", ["Timekeeping", deque, logging]),
        module("HTTPServer", ["CMicroHTTPD", "JSON", "Timekeeping", "Workers", deque, logging]),
        module(
            "UserEngines",
            ["ConnectionPool", "Metrics", "SQLCipher", "Secrets", "Timekeeping", "Workers", deque, logging]),
        module(
            "Accounts",
            ["SQLCipher", "Secrets", "Timekeeping", "UserEngines", "Workers", deque, logging]),
        module(
            "Research",
            ["Accounts", "JSON", "SQLCipher", "Timekeeping", "UserEngines", deque]),
        module(
            "Backups",
            [
                "Accounts", "Metrics", "Research", "SQLCipher", "Secrets", "Timekeeping", "UserEngines", "Workers",
                logging,
            ]),
        module(
            "CofferAPI",
            [
                "Accounts", "Backups", "ConnectionPool", "HTTPServer", "JSON", "Metrics", "Research", "SQLCipher",
                "Secrets", "Timekeeping", "UserEngines", "Workers", logging,
            ]),
        .executableTarget(
            name: "coffer",
            dependencies: [
                "Accounts", "Backups", "CofferAPI", "HTTPServer", "JSON", "Metrics", "Research", "SQLCipher", "Secrets",
                "Timekeeping", "UserEngines", "Workers", argumentParser, configuration, lifecycle, logging,
            ],
            swiftSettings: strict),

        module("CofferTesting", ["Timekeeping", "Workers"]),
        .target(
            name: "CFaultInjection", dependencies: ["CSQLCipher"],
            cSettings: [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]),
        module("FaultInjection", ["CFaultInjection", "CSQLCipher", "SQLCipher"]),
        tests("Timekeeping"),
        tests("Workers"),
        tests("Decimals"),
        tests("JSON"),
        tests("Metrics", ["Workers"]),
        tests("Secrets", ["CSodium"]),
        tests("SQLCipher", ["CSQLCipher", "Timekeeping"]),
        tests("ConnectionPool", ["SQLCipher"]),
        tests("HTTPServer", [logging]),
        tests("UserEngines", ["CSQLCipher"]),
        tests("Accounts"),
        tests("Research", ["Accounts", "Timekeeping", "UserEngines"]),
        tests(
            "Backups",
            [
                "Accounts", "Metrics", "Research", "SQLCipher", "Secrets", "Timekeeping", "UserEngines", "Workers",
                logging,
            ]),
        tests(
            "CofferAPI",
            [
                "Accounts", "Backups", "ConnectionPool", "HTTPServer", "JSON", "Metrics", "Research", "SQLCipher",
                "Secrets",
                "Timekeeping", "UserEngines", "Workers", logging,
            ]),
        .testTarget(
            name: "CofferTests", dependencies: ["coffer", "CofferAPI", "CofferTesting", logging], swiftSettings: strict),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "Accounts", "Backups", "ConnectionPool", "CofferTesting", "FaultInjection", "Metrics", "Research",
                "SQLCipher", "Secrets", "Timekeeping", "UserEngines", "Workers", logging,
            ], swiftSettings: strict),
        .testTarget(
            name: "SystemTests", dependencies: ["coffer", "CofferTesting", "JSON", "SQLCipher"], swiftSettings: strict),
    ]
)
