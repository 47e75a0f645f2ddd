import ArgumentParser
import BuildCache
import BuildCacheStore

/// `strata untag`: drops a name.
struct Untag: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Drop a name.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The name.") var name: String

  func run() async throws {
    try await root.withCache(.write) { try $0.manager.untag(name) }
  }
}
