import ArgumentParser
import BuildCache
import BuildCacheStore
import SystemPackage

/// `strata files`: what a record holds.
struct Files: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what a record's tree holds, the largest first, with the bytes of all beneath.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The record.") var id: String
  @Argument(help: "A path in it.") var path = "/"

  func run() async throws {
    let source = try root.source()
    let insight = try await source.insight().means(to: "look into a record")
    let files = try await insight.files(of: source.resolve(id), at: FilePath(path))
    var table = TextTable([.init(title: "SIZE", isNumber: true), .init(title: "NAME")])
    for file in files {
      table.add([
        ByteCount(file.bytes).text,
        file.name.string + (file.isFolder ? "/" : file.target.map { " -> \($0)" } ?? ""),
      ])
    }
    output.table(table)
  }
}
