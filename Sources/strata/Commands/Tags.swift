import ArgumentParser
import BuildCache
import BuildCacheStore

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
        var table = TextTable([.init(title: "NAME", least: 12), .init(title: "RECORD", least: 12)])
        for tag in tags { table.add([tag.name, tag.record.text]) }
        output.table(table)
      }
    }
  }
}
