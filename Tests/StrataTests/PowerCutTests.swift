import BuildCache
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

/// Cuts the power right after a command has reported: the disk is then what had reached it by that moment.
///
/// The disk is a file behind a loop device, so a copy of that file is what a machine would find after the cut: what the
/// kernel had not written yet is not in it.
@Suite("After a power cut", .serialized, .enabled(if: SmallDisk.isPossible)) final class PowerCutTests {
  private let scratch: ScratchFolder
  private let disk: FilePath
  private var root: String { disk.appending("root").string }
  private var image: String { scratch.path.appending("disk.img").string }

  init() async throws {
    scratch = try ScratchFolder()
    disk = scratch.path.appending("disk")
    try FileManager.default.createDirectory(atPath: disk.string, withIntermediateDirectories: true)
    try await tool("truncate", "-s", "96M", image)
    try await tool("mkfs.ext4", "-q", image)
    try await tool("mount", "-o", "loop", image, disk.string)
  }

  deinit { umount2(disk.string, Int32(MNT_DETACH)) }

  private func tool(_ name: String, _ arguments: String...) async throws {
    let result = try await Program.tool(name, arguments)
    try #require(result.code == 0, "\(name) \(arguments): \(result.errors)")
  }

  private func strata(_ arguments: [String]) async throws -> String {
    let result = try await Program.run(arguments)
    #expect(result.code == 0, "\(arguments): \(result.errors)")
    return result.output
  }

  /// What is on the disk after a cut at this moment: a mounted copy.
  private func cut(_ look: (String) async throws -> Void) async throws {
    let (copy, place) = (scratch.path.appending("copy.img").string, scratch.path.appending("after").string)
    try await tool("cp", image, copy)
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    try await tool("mount", "-o", "loop", copy, place)
    defer { umount2(place, Int32(MNT_DETACH)) }
    try await look(place + "/root")
  }

  private func ids(_ root: String) async throws -> Set<String> {
    let rows = try JSONSerialization.jsonObject(
      with: Data(try await strata(["du", "--format", "json", "--root", root]).utf8))
    return Set(try #require(rows as? [[String: Any]]).compactMap { $0["id"] as? String })
  }

  @Test("what was reported is there, whole") func survives() async throws {
    let source = scratch.path.appending("source").string
    var cuts = 0
    for round in 0..<long(2) {
      try FileManager.default.createDirectory(atPath: source + "/\(round)", withIntermediateDirectories: true)
      for file in 0..<20 {
        let bytes = Data(repeating: UInt8(truncatingIfNeeded: file &+ round), count: 1000 * (file + 1))
        try bytes.write(to: URL(filePath: source + "/\(round)/\(file)"))
      }
      let base = try await strata(["snapshot", source, "--root", root]).trimmingCharacters(in: .newlines)
      try await cut { root in
        let left = try await self.ids(root)
        #expect(left.contains(base))
        let verified = try await self.strata(["verify", "--deep", "--root", root])
        #expect(verified == "All is well.\n")
      }
      let layout = disk.appending("layout-\(round)").string
      _ = try await strata(["export", base, layout, "--root", root])
      try await cut { root in
        let other = self.scratch.path.appending("other-\(round)").string
        let copy = FilePath(root).removingLastComponent().appending("layout-\(round)").string
        _ = try await self.strata(["import", copy, "--root", other])
      }
      let tagged = try await strata(["import", layout, "--ref", "app:\(round)", "--root", root])
      try await cut { root in
        let tags = try await self.strata(["tags", "--root", root])
        #expect(tags.contains("app:\(round)"))
        let left = try await self.ids(root)
        #expect(left.isSuperset(of: tagged.split(separator: "\n").map(String.init)))
        let verified = try await self.strata(["verify", "--deep", "--root", root])
        #expect(verified == "All is well.\n")
      }
      _ = try await strata(["rm", "--yes", base, "--root", root])
      try await cut { root in
        let left = try await self.ids(root)
        #expect(!left.contains(base))
        let verified = try await Program.run(["verify", "--deep", "--root", root])
        #expect(verified.code == 0, "\(verified.output)")
      }
      cuts += 4
    }
    print("power cuts: \(cuts)")
  }
}
