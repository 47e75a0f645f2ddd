import BuildCache
import FileTrees
import Foundation
import Glibc
import SystemPackage

/// The embedded ``LostArea``: a folder for each time that something was cleared away.
///
///     lost
///     └─ 1                by number
///        ├─ records.json  what was stored of the records, and why they could not stay
///        └─ 12            a tree, by the number that it had
struct LostFolder: LostArea {
  private let top: FilePath
  private let trees: FilePath
  private let steps: DurableSteps

  init(in root: FilePath, steps: DurableSteps) {
    top = root.appending(CacheRoot.Name.lost)
    trees = root.appending(CacheRoot.Name.trees)
    self.steps = steps
  }

  private static let list: FilePath.Component = "records.json"

  /// The list is written first, and then the trees are moved: whoever is killed between the two clears them again.
  func keep(_ records: [LostRecord]) throws -> String {
    try makeFolderIfMissing(top)
    let number = (try numbers().max() ?? 0) + 1
    let folder = top.appending("\(number)")
    try steps.pass("lost") {
      try makeFolder(folder)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try writeFile(encoder.encode(records), to: folder.appending(Self.list))
      for tree in Set(records.compactMap(\.tree)) {
        for name in ["\(tree)", "\(tree).removed"] where try FileStatus(of: trees.appending(name)) != nil {
          let (from, to) = (trees.appending(name), folder.appending(name))
          guard from.withPlatformString({ from in to.withPlatformString { rename(from, $0) } }) == 0 else {
            throw FileError("can't move \(from) to", to)
          }
        }
      }
      try synchronizeAll(under: folder)
    }
    return folder.string
  }

  func records() throws -> [LostRecord] {
    try numbers().sorted().flatMap { number in
      let path = top.appending("\(number)").appending(Self.list)
      guard try FileStatus(of: path)?.isRegular == true else { return [LostRecord]() }
      let file = try FileDescriptor.reading(path)
      let bytes = try file.closeAfter { try readAll(file) }
      return (try? JSONDecoder().decode([LostRecord].self, from: Data(bytes)))
        ?? [LostRecord(id: "?", reason: "\(path) can't be read", stored: [:])]
    }
  }

  func clear() throws {
    for number in try numbers() {
      try steps.pass("removal of what was lost") { try removeTree(at: top.appending("\(number)")) }
    }
  }

  private func numbers() throws -> [Int] {
    guard try FileStatus(of: top) != nil else { return [] }
    return try names(in: top).compactMap { Int($0.string) }
  }
}
