import ArgumentParser
import BuildCache
import CacheReport
import SystemPackage

/// `strata files`: what a record holds.
struct Files: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what a record's tree holds, the largest first, with the bytes of all beneath.")

  @OptionGroup var source: SourceOptions
  @Argument(help: "The record.") var id: String
  @OptionGroup var sizes: UnitsOptions
  @Argument(help: "A path in it.") var path = "/"

  func run() async throws {
    let source = try await source.source()
    let insight = try await source.insight().means(to: "look into a record")
    let state = try await source.told().state
    let files = try await insight.files(of: state.rows[try state.resolve(id)].id, at: FilePath(path))
    var table = TextTable([.init(title: "SIZE", isNumber: true), .init(title: "NAME", least: 12)])
    for file in files {
      table.add([sizes.amount(file.bytes), file.label])
    }
    output.table(table)
  }
}
