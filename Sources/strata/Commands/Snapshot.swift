import ArgumentParser
import BuildCache
import BuildCacheStore
import SystemPackage

/// `strata snapshot`: a folder's content as a new layer record.
struct MakeSnapshot: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Store a folder's content as a new record, and print its id.")

  @OptionGroup var root: RootOptions
  @Argument(help: ArgumentHelp("The folder.", valueName: "dir")) var folder: String
  @Option(help: ArgumentHelp("The record to lay it over.", valueName: "id")) var parent: String?
  @Option(help: "What it is, in words; the folder's path unless given.") var description: String?
  @Option(help: "What it is for, such as regular or source.local.") var type = "regular"

  func run() async throws {
    try await root.withCache(.write) { cache in
      let parent = try parent.map { try cache.manager.get(cache.manager.resolve($0), countsAsUse: false) }
      let options = RecordOptions(
        description: description ?? folder, recordType: RecordType(rawValue: type), retain: true)
      let folder = FilePath(folder)
      if try cache.lies(in: folder) { printError("the cache \(cache.root) lies in \(folder), and is left out") }
      let copying = ByteProgress("copying", total: try EmbeddedCache.bytes(at: folder))
      let record = try await interruptible {
        try await cache.store(folder, over: parent, options, progress: copying.add)
      }
      copying.end()
      try record.release()
      try parent?.release()
      output.line(record.id.text)
    }
  }
}
