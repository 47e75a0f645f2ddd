import ArgumentParser
import BuildCache
import BuildCacheStore

/// `strata merge`: several records' layers, one over the other.
struct Merge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a record that is others applied in order, lowest first, and print its id.")

  @OptionGroup var root: RootOptions
  @Argument(help: ArgumentHelp("Records, lowest first.", valueName: "id")) var ids: [String]
  @Option(help: "What it is, in words.") var description = ""

  func run() async throws {
    try await root.withCache(.write) { cache in
      let parents = try ids.map { try cache.manager.get(cache.manager.resolve($0), countsAsUse: false) }
      let record = try await cache.manager.merge(parents, RecordOptions(description: description, retain: true))
      for parent in parents { try parent.release() }
      try record?.release()
      if let record { output.line(record.id.text) }
    }
  }
}
