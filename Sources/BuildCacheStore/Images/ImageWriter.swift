import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// What the files of an image are written to.
protocol ImageWriter {
  /// Writes a file of these bytes.
  mutating func write(_ bytes: [UInt8], _ name: String) throws
  /// Writes a file that is a copy of another.
  ///
  /// - Parameter progress: told how many more bytes were written.
  mutating func write(_ file: FilePath, _ name: String, _ progress: (Int64) -> Void) throws
}

/// A folder that an image is written to.
struct FolderImageWriter: ImageWriter {
  private let folder: FilePath

  /// - Parameter folder: an empty folder.
  init(_ folder: FilePath) throws {
    self.folder = folder
    try makeFolder(folder.appending("blobs"), mode: 0o755)
    try makeFolder(folder.appending("blobs/sha256"), mode: 0o755)
  }

  func write(_ bytes: [UInt8], _ name: String) throws {
    try writeFile(bytes, to: folder.pushing(FilePath(name)), [.ownerReadWrite, .groupRead, .otherRead])
  }

  func write(_ file: FilePath, _ name: String, _ progress: (Int64) -> Void) throws {
    let place = folder.pushing(FilePath(name))
    try copyFile(file, to: place, progress: progress)
    guard place.withPlatformString({ chmod($0, 0o644) }) == 0 else { throw FileError("can't write", place) }
  }
}

/// A tar that an image is written to, as its bytes come.
struct TarImageWriter: ImageWriter {
  private let take: ([UInt8]) throws -> Void

  init(_ take: @escaping ([UInt8]) throws -> Void) { self.take = take }

  func write(_ bytes: [UInt8], _ name: String) throws {
    try take(Self.header(name, Int64(bytes.count)) + bytes + Self.padding(after: Int64(bytes.count)))
  }

  func write(_ file: FilePath, _ name: String, _ progress: (Int64) -> Void) throws {
    let size = try FileStatus(following: file).length
    let input = try ArchiveInput(file)
    try take(Self.header(name, size))
    var count: Int64 = 0
    while let chunk = try input.next() {
      count += Int64(chunk.count)
      guard count <= size else { break }
      try take(chunk)
      progress(Int64(chunk.count))
    }
    guard count == size else { throw CacheError(.storage, "\(file) is being changed") }
    try take(Self.padding(after: size))
  }

  /// Ends the tar.
  func finish() throws { try take([UInt8](repeating: 0, count: 2 * TarReader.block)) }

  private static func padding(after size: Int64) -> [UInt8] {
    let rest = Int(size % Int64(TarReader.block))
    return [UInt8](repeating: 0, count: rest == 0 ? 0 : TarReader.block - rest)
  }

  /// The header of a file, of no time and no owner, so that the same image gives the same bytes.
  private static func header(_ name: String, _ size: Int64) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: TarReader.block)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) {
      header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    func octal(_ number: Int64, _ width: Int) -> [UInt8] {
      let digits = String(number, radix: 8).utf8
      return [UInt8](repeating: UInt8(ascii: "0"), count: width - digits.count) + digits
    }
    put(name.utf8, at: 0)
    put(octal(0o644, 7), at: 100)
    for offset in [108, 116] { put(octal(0, 7), at: offset) }
    if size < 1 << 33 {
      put(octal(size, 11), at: 124)
    } else {  // as GNU and all that came after it have sizes beyond
      put([0x80, 0, 0, 0] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: size >> (8 * Int64($0))) }, at: 124)
    }
    put(octal(0, 11), at: 136)
    put("        ".utf8, at: 148)
    put("0".utf8, at: 156)
    put("ustar\u{0}00".utf8, at: 257)
    put(octal(header.reduce(0) { $0 + Int64($1) }, 6) + [0], at: 148)
    return header
  }
}
