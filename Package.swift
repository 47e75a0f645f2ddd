// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "strata",
  products: [
    .library(name: "BuildCache", targets: ["BuildCache", "BuildCacheStore"]),
    .executable(name: "strata", targets: ["strata"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    .target(name: "RegularExpressions", swiftSettings: strict),
    .target(
      name: "BuildCache",
      dependencies: [
        "RegularExpressions",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(
      name: "FileTrees",
      dependencies: ["BuildCache", "CLinux", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: strict),
    .target(
      name: "Programs",
      dependencies: [
        "BuildCache", .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(
      name: "BuildCacheStore",
      dependencies: [
        "BuildCache", "CLinux", "FileTrees", "Programs",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .systemLibrary(name: "CLinux"),
    .target(
      name: "CacheReport",
      dependencies: ["BuildCache", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: strict),
    .target(
      name: "BuildKitBridge",
      dependencies: [
        "BuildCache", "CacheReport", "FileTrees", "Programs",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      swiftSettings: strict),
    .systemLibrary(name: "CNcurses", pkgConfig: "ncursesw", providers: [.apt(["libncursesw5-dev"])]),
    .target(name: "Terminal", dependencies: ["CNcurses"], swiftSettings: strict),
    .target(
      name: "Explorer",
      dependencies: [
        "BuildCache", "CacheReport", "Terminal",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "strata",
      dependencies: [
        "BuildCache", "BuildCacheStore", "BuildKitBridge", "CacheReport", "Explorer", "Programs", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(name: "BoltWriter", swiftSettings: strict),
    .executableTarget(
      name: "strata-bench",
      dependencies: [
        "BoltWriter", "BuildCache", "BuildCacheStore", "BuildKitBridge", "CacheReport", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(
      name: "TestSupport",
      dependencies: ["BuildCache", .product(name: "SystemPackage", package: "swift-system")],
      path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "RegularExpressionsTests", dependencies: ["BuildCache", "RegularExpressions", "TestSupport"],
      exclude: ["Recordings"], swiftSettings: strict),
    .testTarget(
      name: "BuildCacheTests", dependencies: ["BuildCache", "CacheReport", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "BuildCacheStoreTests",
      dependencies: [
        "BuildCache", "BuildCacheStore", "CLinux", "FileTrees", "Programs", "TestSupport",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["Conformance", "ImageCases"], swiftSettings: strict),
    .testTarget(
      name: "BuildKitBridgeTests",
      dependencies: [
        "BoltWriter", "BuildCache", "BuildKitBridge", "CacheReport", "FileTrees", "Programs", "TestSupport",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["Fixtures", "Recordings", "States"],
      swiftSettings: strict),
    .testTarget(name: "TerminalTests", dependencies: ["Terminal"], swiftSettings: strict),
    .testTarget(
      name: "ExplorerTests",
      dependencies: ["BuildCache", "BuildKitBridge", "CacheReport", "Explorer", "Terminal", "TestSupport"],
      exclude: ["Screens"],
      swiftSettings: strict),
    .testTarget(
      name: "StrataTests",
      dependencies: [
        "BuildCache", "BuildCacheStore", "strata", "TestSupport",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
