import ArgumentParser
import BuildCache
import BuildCacheStore
import SystemPackage

/// `strata extract`: a record's tree as files.
struct Extract: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a record's tree into an empty folder, as copies.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The record.") var id: String
  @Argument(help: ArgumentHelp("A folder that is empty, or is made.", valueName: "dir")) var folder: String

  func run() async throws {
    let unpacking = ByteProgress("unpacking")
    let folder = FilePath(folder)
    try await root.withRecord(id, makingIn: folder.parent, progress: unpacking.add) { cache, ref in
      let writing = ByteProgress("writing")
      try await interruptible { try await cache.extract(ref, to: folder, progress: writing.add) }
      writing.end()
      unpacking.end()
    }
  }
}
