import ArgumentParser
import BuildCache
import BuildCacheStore
import CacheReport
import Terminal

/// `strata demo`: a cache to play with.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a cache as a builder would leave it, and open the explorer on it.",
    discussion: "Ids, sizes, parents and counts depend on the seed alone; ages are counted back from now.")

  @OptionGroup var root: RootOptions
  @OptionGroup var screen: ScreenOptions
  @Option(help: "How many records.") var records = 200
  @Option(help: "What the cache's content depends on.") var seed: UInt64 = 1
  @Flag(name: .customLong("no-ui"), help: "Make the cache and nothing else.") var noUI = false

  func validate() throws {
    guard (0...10_000_000).contains(records) else { throw ValidationError("--records goes from 0 to 10000000") }
  }

  func run() async throws {
    let folder = try root.folder()
    let clock = DemoClock()
    var random = SeededGenerator(seed)
    let cache = try EmbeddedCache(
      folder, .write, clock: clock, identities: DemoIdentities(seed: random.next()), logger: quietLogger)
    do {
      guard try cache.manager.listing().rows.isEmpty else {
        throw Failure.failed(
          "there is a cache in \(folder) already: `strata --root \(folder)` opens it; give another --root")
      }
      var maker = DemoMaker(cache.manager, clock, random)
      try await maker.make(records: records)
      if noUI {
        writeError("made \(records) records in \(folder)")
      }
      try cache.close()
    } catch {
      try? cache.close()
      throw error
    }
    if !noUI { try await screen.explore(try root.source()) }
  }
}
