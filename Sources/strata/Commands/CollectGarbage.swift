import ArgumentParser
import BuildCache
import BuildCacheStore

/// `strata gc`: drops what no lease holds.
struct CollectGarbage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Drop snapshots and blobs that no lease holds.")

  @OptionGroup var root: RootOptions
  @OptionGroup var sizes: UnitsOptions

  func run() async throws {
    try await root.withCache(.reclaim) { [sizes] cache in
      let bytes = try await cache.manager.unownedBytes()
      let count = try await cache.manager.collectGarbage()
      output.line("Dropped \(count), freed \(sizes.amount(bytes)).")
    }
  }
}
