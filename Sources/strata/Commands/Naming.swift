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

/// `strata untag`: drops a name.
struct Untag: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Drop a name.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The name.") var name: String

  func run() async throws {
    try await root.withCache(.write) { try $0.manager.untag(name) }
  }
}

/// `strata tags`: the names and what they point at.
struct Tags: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the names and the records that they point at.")

  @OptionGroup var root: RootOptions
  @Option(help: "How to print it.") var format = OutputFormat.table

  private struct TagJSON: Encodable {
    let name: String
    let record: RecordID
  }

  func run() async throws {
    try await root.withCache(.read) { cache in
      let tags = try cache.manager.tags()
      switch format {
      case .json: try printJSON(tags.map { TagJSON(name: $0.name, record: $0.record) })
      case .table:
        var table = TextTable([.init(title: "NAME"), .init(title: "RECORD")])
        for tag in tags { table.add([tag.name, tag.record]) }
        output.table(table)
      }
    }
  }
}

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
