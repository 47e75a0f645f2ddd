import BuildCache
import FileTrees
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import BuildCacheStore

/// Layers of every kind, unpacked here and by umoci, name by name.
@Suite("Layers are unpacked as umoci does it") struct UnpackedLikeUmociTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache
  private let start = Date()

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
  }

  @Test("rows have names of their own, and there are as many as were asked for") func rows() {
    for group in UnpackedRow.groups { #expect(Set(group.rows.map(\.name)).count == group.rows.count, "\(group.name)") }
    #expect(UnpackedRow.groups.map(\.rows.count).reduce(0, +) >= 100)
  }

  @Test(
    "the trees are the same, but where it is said why not",
    .enabled(if: isInstalled("umoci"), "there is no umoci to compare with"), arguments: UnpackedRow.groups)
  func trees(_ group: UnpackedRow.Group) async throws {
    for (number, row) in group.rows.enumerated() {
      if let reason = row.needsRoot, !isRoot {
        print("not tried, as \(reason): \(row.name)")
        continue
      }
      let place = scratch.path.appending(FilePath.Component("\(number)") ?? ".")
      try makeFolder(place)
      try await compare(row, in: place)
      try removeTree(at: place)
    }
    #expect(try await cache.manager.verify() == [])
  }

  private func compare(_ row: UnpackedRow, in place: FilePath) async throws {
    let layers = try await layers(of: row, in: place)
    let ours: Result<TreePortrait, CacheError>
    do { ours = .success(try await strata(layers, in: place)) } catch let error as CacheError { ours = .failure(error) }
    let theirs = try await umoci(layers, in: place)
    switch (row.outcome, ours, theirs) {
    case (.bothRefuse(let words), .failure(let error), .failure),
      (.strataRefuses(let words, _), .failure(let error), .success):
      #expect("\(error)".contains(words), "\(row.name)")
    case (.umociRefuses(let wanted, _), .success(let ours), .failure):
      for (path, line) in wanted { #expect(ours.lines[path]?.hasPrefix(line) == true, "\(row.name): \(ours.lines)") }
    case (.same, .success(let ours), .success(let theirs)):
      let differences = ours.differences(from: theirs)
      #expect(differences.isEmpty, "\(row.name): \(differences.joined(separator: "\n"))")
    case (.differs(let wanted, _), .success(let ours), .success(let theirs)):
      for difference in wanted {
        #expect(difference.isMet(by: ours, theirs), "\(row.name): \(difference.path)")
      }
      let others = ours.differences(from: theirs).filter { line in
        !wanted.contains { line.hasPrefix("\($0.path): ") }
      }
      #expect(others.isEmpty, "\(row.name): \(others.joined(separator: "\n"))")
    case (_, let ours, let theirs):
      Issue.record("\(row.name): \(ours.told), umoci: \(theirs.told)")
    }
  }

  /// Makes the layers' bytes.
  private func layers(of row: UnpackedRow, in place: FilePath) async throws -> [TestArchive.Layer] {
    var layers: [TestArchive.Layer] = []
    for (number, fact) in row.layers.enumerated() {
      let folder = place.appending(FilePath.Component("made\(number)") ?? ".")
      switch fact {
      case .tar(let tar): layers.append(TestArchive.Layer(bytes: tar.finished, diffID: Digest(of: tar.finished)))
      case .bytes(let bytes): layers.append(TestArchive.Layer(bytes: bytes, diffID: Digest(of: bytes)))
      case .packed(let tar, let script, let suffix):
        let bytes = try await shell(script, in: folder, feeding: tar.finished)
        layers.append(TestArchive.Layer(bytes: bytes, suffix: suffix, diffID: Digest(of: tar.finished)))
      case .made(let script):
        let bytes = try await shell(script, in: folder)
        layers.append(TestArchive.Layer(bytes: bytes, diffID: Digest(of: bytes)))
      }
    }
    return layers
  }

  private func shell(_ script: String, in folder: FilePath, feeding bytes: [UInt8] = []) async throws -> [UInt8] {
    try makeFolder(folder)
    let result = try await Subprocess.run(
      .name("bash"), arguments: ["-euc", "cd '\(folder)'; " + script], input: .array(bytes),
      output: .bytes(limit: 1 << 22), error: .string(limit: 1 << 16))
    try #require(result.terminationStatus == .exited(0), "\(script): \(result.standardError)")
    return result.standardOutput
  }

  /// What Strata makes of an image of layers.
  private func strata(_ layers: [TestArchive.Layer], in place: FilePath) async throws -> TreePortrait {
    let archive = try TestArchive(place.appending("layout"))
    try archive.list([try archive.image(of: layers, named: "app")])
    let images = try await cache.importImages(from: .path(archive.folder), ImageChoice())
    let ref = try cache.manager.get(try #require(images.first?.records.last))
    defer { try? ref.release() }
    return try TreePortrait(of: try await ref.mount(), since: start)
  }

  /// What umoci makes of them, or what it says.
  private func umoci(_ layers: [TestArchive.Layer], in place: FilePath) async throws -> Result<TreePortrait, UmociError>
  {
    // It knows no zstd, so it gets what is in there.
    var plain = layers
    for (number, layer) in layers.enumerated() where layer.suffix == "+zstd" {
      let folder = place.appending(FilePath.Component("plain\(number)") ?? ".")
      let bytes = try await shell("zstd -dcq", in: folder, feeding: layer.bytes)
      plain[number] = TestArchive.Layer(bytes: bytes, diffID: layer.diffID)
    }
    let archive = try TestArchive(place.appending("umoci-layout"))
    try archive.list([try archive.image(of: plain, named: "app")])
    let bundle = place.appending("bundle")
    let arguments = (isRoot ? [] : ["--rootless"]) + ["--image", "\(archive.folder):app", bundle.string]
    let result = try await Subprocess.run(
      .name("umoci"), arguments: Arguments(["unpack"] + arguments), output: .discarded, error: .string(limit: 1 << 16))
    guard result.terminationStatus == .exited(0) else { return .failure(UmociError(words: result.standardError)) }
    return .success(try TreePortrait(of: bundle.appending("rootfs"), since: start))
  }
}

private struct UmociError: Error {
  let words: String
}

extension Result where Success == TreePortrait {
  fileprivate var told: String {
    switch self {
    case .success(let tree): "it is taken: \(tree.lines)"
    case .failure(let error as UmociError): error.words
    case .failure(let error): "\(error)"
    }
  }
}

extension UnpackedRow.Difference {
  fileprivate func isMet(by ours: TreePortrait, _ theirs: TreePortrait) -> Bool {
    func isMet(_ wanted: String?, _ found: String?) -> Bool {
      guard let wanted, let found else { return wanted == nil && found == nil }
      return found.hasPrefix(wanted)
    }
    return isMet(strata, ours.lines[path]) && isMet(umoci, theirs.lines[path]) && ours.lines[path] != theirs.lines[path]
  }
}
