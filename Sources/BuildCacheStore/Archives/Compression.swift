import BuildCache
import FileTrees
import Programs
import SystemPackage

/// How a layer archive is compressed. Its first bytes tell, whatever its media type says.
enum Compression {
  case none
  case gzip
  case zstd

  /// What it adds to the media type of a layer.
  var suffix: String {
    switch self {
    case .none: ""
    case .gzip: "+gzip"
    case .zstd: "+zstd"
    }
  }

  /// Finds out.
  init(of file: FilePath) throws {
    let descriptor = try FileDescriptor.reading(file)
    var start = [UInt8](repeating: 0, count: 4)
    let count = try descriptor.closeAfter { try start.withUnsafeMutableBytes { try descriptor.read(into: $0) } }
    switch start[..<count] {
    case let bytes where bytes.starts(with: [0x1f, 0x8b]): self = .gzip
    case let bytes where bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]): self = .zstd
    default: self = .none
    }
  }

  /// Hands on the bytes of a file as they were before compression, in chunks.
  func read(_ file: FilePath, _ take: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
    let tool: Program
    switch self {
    case .none: return try await forEachChunk(of: file, take)
    case .gzip: tool = Program("gzip", ["-dc"])
    case .zstd: tool = Program("zstd", ["-dcq"])
    }
    try await tool.runAsTool(
      failingWith: .badArchive,
      feeding: { input in
        try await forEachChunk(of: file) { try await input.write($0) }
      }, taking: take)
  }
}
