import ArgumentParser
import BuildCache
import BuildCacheStore
import Glibc
import SystemPackage

/// `strata import`: an image's layers as records.
struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring an image in, and print its records' ids, lowest layer first.",
    discussion: """
      Takes an OCI image layout, as a folder or a tar, and what `docker save` of any age wrote; `-` is standard input.
      What `--cache-to type=local` of a build wrote is taken, too: its layers, each over the one that it names.
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: ArgumentHelp("The layout or tar; - is standard input.", valueName: "path")) var path: String
  @Option(
    help: ArgumentHelp(
      "Which of several images: a tag, in full or as Docker shortens it, a layout's ref name, or the beginning of a digest.",
      valueName: "name"))
  var image: String?
  @Option(help: ArgumentHelp("Which of several images: os/arch or os/arch/variant.", valueName: "platform"))
  var platform: String?
  @Flag(help: "Bring each image in; what they share is made once. Lines are then a record and its image.") var all =
    false
  @Option(help: "Tag the top record with this name.") var ref: String?
  @Flag(help: "Tag the top record with the name that the image bears.") var tag = false
  @Option(
    help: ArgumentHelp(
      "Refuse an image, or layers together, that take more than this when unpacked.", valueName: "bytes"))
  var maxUnpacked: String = "64GB"

  func validate() throws {
    if path.isEmpty { throw ValidationError("give the path of a layout or tar, or - for standard input") }
    if path == "-" && isatty(STDIN_FILENO) == 1 {
      throw ValidationError("- is standard input, which is the terminal: pipe an archive in, or give its path")
    }
    if ref != nil && tag { throw ValidationError("--ref and --tag are two names: give one") }
    if ref != nil && all { throw ValidationError("--ref is a name for one image: with --all give --tag") }
  }

  func run() async throws {
    let limit = try ByteCount(parsing: maxUnpacked, of: "--max-unpacked", takesBare: true).bytes
    try await root.withCache(.write, maxUnpacked: limit) { cache in
      let (reading, unpacking) = (ByteProgress("reading"), ByteProgress("unpacking"))
      let source = path == "-" ? ImageSource.stream(.standardInput, name: "standard input") : .path(FilePath(path))
      let choice = ImageChoice(image: image, platform: platform, takesAll: all)
      let naming = ref.map(ImageNaming.given) ?? (tag ? .own : .none)
      let images = try await interruptible {
        try await cache.importImages(
          from: source, choice, naming: naming, maxUnpacked: limit, telling: printError,
          progress: { step, bytes, total in
            switch step {
            case .reading: reading.add(bytes, of: total)
            case .unpacking: unpacking.add(bytes, of: total)
            }
          })
      }
      reading.end()
      unpacking.end()
      for image in images {
        if let name = image.name, let top = image.records.last { try cache.manager.tag(name, top) }
        output.lines(image.records.map { $0.text + (all ? "  \(image.label)" : "") })
      }
    }
  }
}
