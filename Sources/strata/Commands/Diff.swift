import ArgumentParser
import BuildCache
import BuildCacheStore

/// `strata diff`: what changed from one record to another.
struct Diff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a record of what changed from one record to another, and print its id.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The record before.") var lower: String
  @Argument(help: "The record after.") var upper: String
  @Option(help: "What it is, in words.") var description = ""

  func run() async throws {
    try await root.withCache(.write) { cache in
      let sides = try [lower, upper].map { try cache.manager.get(cache.manager.resolve($0), countsAsUse: false) }
      let record = try await cache.manager.diff(
        lower: sides[0], upper: sides[1], RecordOptions(description: description, retain: true))
      for side in sides { try side.release() }
      try record.release()
      output.line(record.id.text)
    }
  }
}
