import Foundation
import Subprocess
import SystemPackage
import TestSupport

/// A recorded folder of a daemon, unpacked for a test.
struct State {
  private static let archives = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "States")

  private let scratch: ScratchFolder
  var folder: FilePath { scratch.path }

  init(_ name: String) async throws {
    scratch = try ScratchFolder()
    let archive = Self.archives.appending(path: "\(name).tar.zst").path
    let result = try await run(
      .name("tar"), arguments: ["--zstd", "-xf", archive, "-C", scratch.path.string], output: .discarded,
      error: .string(limit: 4096))
    guard result.terminationStatus.isSuccess else {
      throw CocoaError(.fileReadCorruptFile, userInfo: [NSDebugDescriptionErrorKey: result.standardError])
    }
  }

  func file(_ path: String) -> FilePath { folder.pushing(FilePath(path)) }

  func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file(path).string))) }

  func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }
}
