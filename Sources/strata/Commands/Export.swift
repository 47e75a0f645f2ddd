import ArgumentParser
import BuildCache
import BuildCacheStore
import SystemPackage

/// `strata export`: a record as an image.
struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a record as an OCI image layout, which other tools read.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The record.") var id: String
  @Argument(help: ArgumentHelp("A folder that is empty, or is made.", valueName: "path")) var path: String

  func run() async throws {
    let packing = ByteProgress("packing", total: nil)
    let path = FilePath(path)
    try await root.withRecord(id, makingIn: path.parent, progress: packing.add) { cache, ref in
      let writing = ByteProgress("writing", total: nil)
      try await interruptible { try await cache.exportImage(of: ref, to: path, progress: writing.add) }
      packing.end()
      writing.end()
    }
  }
}
