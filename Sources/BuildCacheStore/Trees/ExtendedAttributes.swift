import BuildCache
import CLinux
import Glibc
import SystemPackage

/// What a name carries beside mode, owner and times: extended attributes, links not followed.
struct ExtendedAttributes: Equatable {
  private var values: [[CChar]: [UInt8]] = [:]

  /// Reads them; a file system without any has none.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path.
  init(of path: FilePath) throws {
    let names = try Self.read(path) { llistxattr($0, $1, $2) }
    for name in names.split(separator: 0) {
      let key = name.map { CChar(bitPattern: $0) } + [0]
      values[key] = try Self.read(path) { lgetxattr($0, key, $1, $2) }
    }
  }

  /// Reads as much as there is, however it grows between asking and reading.
  private static func read(
    _ path: FilePath, _ call: (UnsafePointer<CChar>, UnsafeMutablePointer<CChar>?, Int) -> Int
  ) throws -> [UInt8] {
    while true {
      let size = path.withPlatformString { call($0, nil, 0) }
      if size == 0 { return [] }
      var bytes = [CChar](repeating: 0, count: max(size, 1))
      let count = size < 0 ? size : path.withPlatformString { call($0, &bytes, size) }
      if count >= 0 { return bytes[..<count].map { UInt8(bitPattern: $0) } }
      switch errno {
      case ERANGE: continue
      case ENOTSUP, ENODATA, EPERM, EACCES: return []
      default: throw FileError("can't read the attributes of", path)
      }
    }
  }

  var isEmpty: Bool { values.isEmpty }

  /// Gives them to another name. What this user or file system may not set is left out, as `cp -a` does.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path.
  func set(on path: FilePath) throws {
    for (name, value) in values {
      let code = path.withPlatformString { lsetxattr($0, name, value, value.count, 0) }
      guard code == 0 || [ENOTSUP, EPERM, EACCES, EINVAL].contains(errno) else {
        throw FileError("can't set the attributes of", path)
      }
    }
  }
}
