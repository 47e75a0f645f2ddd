import ArgumentParser
import BuildCache
import BuildCacheStore

/// `strata tag`: a name that points at a record.
struct MakeTag: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Give a record a name: it counts as shared, and a prune leaves it without --all.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The name; one that exists is moved.") var name: String
  @Argument(help: "The record.") var id: String

  func run() async throws {
    try await root.withCache(.write) { try $0.manager.tag(name, $0.manager.resolve(id)) }
  }
}
