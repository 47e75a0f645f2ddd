import ArgumentParser
import BuildCache
import BuildCacheStore
import SystemPackage

/// `strata import`: an image's layers as records.
struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring an image in, and print its records' ids, lowest layer first.",
    discussion: "Takes an OCI image layout, as a folder or a tar, and a tar that `docker save` wrote.")

  @OptionGroup var root: RootOptions
  @Argument(help: ArgumentHelp("The layout or tar.", valueName: "path")) var path: String
  @Option(help: "Tag the top record with this name.") var ref: String?
  @Option(help: ArgumentHelp("Which of several images: os/arch or os/arch/variant.", valueName: "platform"))
  var platform: String?
  @Option(
    help: ArgumentHelp(
      "Refuse an image, or layers together, that take more than this when unpacked.", valueName: "bytes"))
  var maxUnpacked: String = "64GB"

  func run() async throws {
    let limit = try ByteCount(parsing: maxUnpacked, of: "--max-unpacked", takesBare: true).bytes
    let unpacking = ByteProgress("unpacking", total: nil)
    try await root.withCache(.write, maxUnpacked: limit, progress: unpacking.add) { cache in
      let path = FilePath(path)
      let reading = ByteProgress("reading", total: try EmbeddedCache.bytes(at: path))
      let (platform, name) = (platform, ref)
      let ids = try await interruptible {
        try await cache.importImage(at: path, platform: platform, name: name, maxUnpacked: limit, progress: reading.add)
      }
      reading.end()
      unpacking.end()
      if let ref, let top = ids.last { try cache.manager.tag(ref, top) }
      output.lines(ids.map(\.text))
    }
  }
}
