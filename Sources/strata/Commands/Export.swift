import ArgumentParser
import BuildCache
import BuildCacheStore
import Glibc
import SystemPackage

/// `strata export`: a record as an image.
struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a record as an OCI image layout, which other tools read.",
    discussion: """
      With --docker it is a tar, which `docker load` takes. To - it is a tar on standard output:
      `strata export ID - --docker | docker load`.
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: "The record.") var id: String
  @Argument(
    help: ArgumentHelp(
      "A folder that is empty, or is made; with --docker a new file; - is standard output.", valueName: "path"))
  var path: String
  @Flag(help: "Write what docker load takes.") var docker = false

  private var isPiped: Bool { path == "-" }

  func validate() throws {
    if isPiped && isatty(STDOUT_FILENO) == 1 {
      throw ValidationError(
        "- is standard output, which is the terminal: send it into a pipe or a file, or give a path")
    }
  }

  func run() async throws {
    let packing = ByteProgress("packing")
    let (file, isPiped, form) = (FilePath(path), isPiped, docker ? ImageForm.docker : .layout)
    let (toFile, place) = (docker, isPiped ? nil : file.parent)
    try await root.withRecord(id, makingIn: place, progress: packing.add) { cache, ref in
      let writing = ByteProgress("writing")
      try await interruptible {
        if isPiped {
          try await cache.packImage(of: ref, as: form, telling: printError, progress: writing.add) { output.bytes($0) }
        } else if toFile {
          try await cache.packImage(of: ref, as: form, in: file, telling: printError, progress: writing.add)
        } else {
          try await cache.exportImage(of: ref, to: file, telling: printError, progress: writing.add)
        }
      }
      packing.end()
      writing.end()
    }
  }
}
