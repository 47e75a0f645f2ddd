import BuildCache
import FileTrees
import Programs
import SystemPackage

/// How an archive is compressed. Its first bytes tell, whatever its media type says.
enum Compression: String {
  case none
  case gzip
  case zstd
  case xz
  case bzip2

  /// How many bytes tell.
  static let signature = 6

  /// Finds out from the first bytes.
  init(_ start: some Collection<UInt8>) {
    // Frames of zstd that are to be skipped, of sixteen numbers, may come first: programs that work in parallel write so.
    let skipped = (0x50...0x5f).map { ([$0, 0x2a, 0x4d, 0x18] as [UInt8], Compression.zstd) }
    let signatures: [([UInt8], Compression)] =
      [
        ([0x1f, 0x8b], .gzip), ([0x28, 0xb5, 0x2f, 0xfd], .zstd), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], .xz),
        (Array("BZh".utf8), .bzip2),
      ] + skipped
    self = signatures.first { start.starts(with: $0.0) }?.1 ?? .none
  }

  /// Finds out.
  init(of file: FilePath) throws {
    let descriptor = try FileDescriptor.reading(file)
    var start = [UInt8](repeating: 0, count: Self.signature)
    let count = try descriptor.closeAfter { try start.withUnsafeMutableBytes { try descriptor.read(into: $0) } }
    self.init(start[..<count])
  }

  /// What it adds to the media type of a layer.
  var suffix: String {
    switch self {
    case .none: ""
    case .gzip: "+gzip"
    case .zstd: "+zstd"
    case .xz: "+xz"
    case .bzip2: "+bzip2"
    }
  }

  /// Whether layers that OCI knows are packed so.
  var isOCI: Bool {
    switch self {
    case .none, .gzip, .zstd: true
    case .xz, .bzip2: false
    }
  }

  /// What packs layers here, from standard input to standard output: the same bytes always give the same.
  static let packer = Program("gzip", ["-nc"])
  /// What that makes.
  static let packed = Compression.gzip

  /// What undoes it, from standard input to standard output.
  var tool: Program? {
    switch self {
    case .none: nil
    case .gzip: Program("gzip", ["-dc"])
    case .zstd: Program("zstd", ["-dcq"])
    case .xz: Program("xz", ["-dcq"])
    case .bzip2: Program("bzip2", ["-dcq"])
    }
  }
}
