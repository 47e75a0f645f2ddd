import ArgumentParser
import BuildCache
import BuildCacheStore

/// `strata unhold`: lets records go.
struct Unhold: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Let records go that were held.")

  @OptionGroup var root: RootOptions
  @Argument(help: ArgumentHelp("The records.", valueName: "id")) var ids: [String]

  func run() async throws {
    try await root.withCache(.write) { cache in
      for id in try ids.map({ try cache.manager.resolve($0) }) { try cache.manager.unhold(id) }
    }
  }
}
