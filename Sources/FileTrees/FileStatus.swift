import BuildCache
import CLinux
import Glibc
import SystemPackage

/// What the file system says of one name, links not followed.
package struct FileStatus: Sendable {
  package let raw: stat

  package init(raw: stat) { self.raw = raw }

  /// The status of a name, or nothing where there is none.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path.
  package init?(of path: FilePath) throws {
    var raw = stat()
    guard path.withPlatformString({ lstat($0, &raw) }) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw FileError("can't look at", path)
    }
    self.raw = raw
  }

  /// The status of what a name leads to, links followed.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path, also where there is none.
  package init(following path: FilePath) throws {
    var raw = stat()
    guard path.withPlatformString({ stat($0, &raw) }) == 0 else { throw FileError("can't look at", path) }
    self.raw = raw
  }

  private var type: mode_t { raw.st_mode & S_IFMT }
  package var isDirectory: Bool { type == S_IFDIR }
  package var isRegular: Bool { type == S_IFREG }
  package var isLink: Bool { type == S_IFLNK }
  package var isSocket: Bool { type == S_IFSOCK }
  package var isDevice: Bool { type == S_IFBLK || type == S_IFCHR }
  package var permissions: mode_t { raw.st_mode & 0o7777 }
  /// How many bytes are in it.
  package var length: Int64 { Int64(raw.st_size) }
  /// What the disk gives for it: whole blocks, as overlayfs and containerd count.
  package var bytes: Int64 { Int64(raw.st_blocks) * 512 }
  package var identity: FileIdentity { FileIdentity(device: raw.st_dev, inode: raw.st_ino) }
  package var hasOtherNames: Bool { raw.st_nlink > 1 }

  /// Whether two names are, as far as their status tells, the same file or copies of it: a copy keeps type, mode,
  /// owner, size and time of change.
  package func looksLike(_ other: FileStatus) -> Bool {
    if identity == other.identity { return true }
    return raw.st_mode == other.raw.st_mode && raw.st_uid == other.raw.st_uid && raw.st_gid == other.raw.st_gid
      && raw.st_rdev == other.raw.st_rdev && raw.st_mtim.tv_sec == other.raw.st_mtim.tv_sec
      && raw.st_mtim.tv_nsec == other.raw.st_mtim.tv_nsec && (isDirectory || raw.st_size == other.raw.st_size)
  }
}

/// What makes two names one file.
package struct FileIdentity: Hashable, Sendable {
  package let device: dev_t
  package let inode: ino_t
}

/// The error of the call that just failed, with the path that it was about.
package func FileError(_ what: String, _ path: FilePath, _ code: Int32 = errno) -> CacheError {
  CacheError(.storage, "\(what) \(path)", of: Errno(rawValue: code))
}

extension CacheError {
  /// What a call of the system's threw; a disk that is full has a code of its own.
  package init(_ code: Code, _ message: String, of error: any Error) {
    guard let error = error as? Errno, error == .noSpace || error == .diskQuotaExceeded else {
      self.init(code, message, cause: "\(error)")
      return
    }
    self.init(.diskFull, message, cause: "the disk is full (\(error))")
  }
}

/// Makes a folder's names durable.
///
/// - Throws: ``CacheError`` `storage` naming it.
package func synchronize(folder: FilePath) throws {
  let file = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
  try file.closeAfter {
    guard fsync(file.rawValue) == 0 else { throw FileError("can't write", folder) }
  }
}

/// Makes all that was written to a folder's file system durable: one pass, however many files it is.
///
/// - Throws: ``CacheError`` `storage` naming the folder.
package func synchronizeAll(under folder: FilePath) throws {
  let file = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
  try file.closeAfter {
    guard syncfs(file.rawValue) == 0 else { throw FileError("can't write", folder) }
  }
}

/// Whether this process may give files away, and make devices.
package var isRoot: Bool { geteuid() == 0 }

/// Makes a folder, for its owner alone unless said otherwise.
///
/// - Throws: ``CacheError`` `storage` naming it.
package func makeFolder(_ folder: FilePath, mode: mode_t = 0o700) throws {
  guard folder.withPlatformString({ mkdir($0, mode) }) == 0 else { throw FileError("can't make folder", folder) }
}

/// Reads a folder's names in the order of their bytes, so that walks are repeatable and two can be joined.
///
/// Names are kept as bytes: not all are UTF-8.
package func names(in folder: FilePath) throws -> [FilePath.Component] { try Folder(folder).names() }

extension FilePath {
  /// The path as the system takes it, byte by byte, without its end mark.
  package var bytes: [UInt8] {
    withPlatformString { UnsafeBufferPointer(start: $0, count: strlen($0)).map { UInt8(bitPattern: $0) } }
  }

  /// A path of bytes, which need not be UTF-8.
  package init(bytes: some Sequence<UInt8>) {
    self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
  }
}

/// Orders two names by their bytes.
package func compare(_ a: FilePath.Component, _ b: FilePath.Component) -> Int32 {
  a.withPlatformString { a in b.withPlatformString { strcmp(a, $0) } }
}

extension FileDescriptor {
  /// Opens a regular file to be read; whatever else is there is refused, and not waited for.
  ///
  /// - Throws: ``CacheError`` `storage` naming it.
  package static func reading(_ path: FilePath) throws -> FileDescriptor {
    let file: FileDescriptor
    do { file = try open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) } catch {
      throw CacheError(.storage, "can't read \(path)", of: error)
    }
    return try file.ifRegular(path)
  }

  /// Opens a file to be written anew.
  ///
  /// - Throws: ``CacheError`` `storage` naming it.
  package static func writing(_ path: FilePath, _ permissions: FilePermissions = .ownerReadWrite) throws
    -> FileDescriptor
  {
    do {
      return try open(path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: permissions)
    } catch {
      throw CacheError(.storage, "can't write \(path)", of: error)
    }
  }
}

/// Writes a file anew.
///
/// - Throws: ``CacheError`` `storage`, or `diskFull`, naming it; it may be half written.
package func writeFile(
  _ bytes: some Sequence<UInt8>, to path: FilePath, _ permissions: FilePermissions = .ownerReadWrite
)
  throws
{
  let file = try FileDescriptor.writing(path, permissions)
  do { try file.closeAfter { _ = try file.writeAll(bytes) } } catch {
    throw CacheError(.storage, "can't write \(path)", of: error)
  }
}

/// All bytes of an open file.
package func readAll(_ file: FileDescriptor) throws -> [UInt8] {
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
    if count == 0 { return bytes }
    bytes += chunk[..<count]
  }
}
