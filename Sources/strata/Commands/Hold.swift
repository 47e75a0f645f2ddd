import ArgumentParser
import BuildCache
import BuildCacheStore

/// `strata hold`: keeps records in use.
struct MakeHold: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold", abstract: "Keep records in use until they are let go: no prune takes them.")

  @OptionGroup var root: RootOptions
  @Argument(help: ArgumentHelp("The records.", valueName: "id")) var ids: [String]
  @Option(help: "Why, in words.") var reason = ""

  func run() async throws {
    try await root.withCache(.write) { cache in
      for id in try ids.map({ try cache.manager.resolve($0) }) { try cache.manager.hold(id, reason: reason) }
    }
  }
}
