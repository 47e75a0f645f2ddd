import BuildCache
import CLinux
import Glibc
import SystemPackage

/// What a name carries beside mode, owner and times: extended attributes, links not followed.
package struct ExtendedAttributes: Equatable, Sendable {
  private var values: [[CChar]: [UInt8]] = [:]

  /// None.
  package init() {}

  /// Reads those of a name in a folder, or of the folder itself; a file system without any has none.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path.
  package init(of name: FilePath.Component?, in folder: Folder) throws {
    let path = folder.link(to: name)
    func read(_ call: (UnsafePointer<CChar>, UnsafeMutablePointer<CChar>?, Int) -> Int) throws -> [UInt8] {
      guard let bytes = Self.read(path, call) else { throw folder.error("can't read the attributes of", name) }
      return bytes
    }
    let names = try read { llistxattr($0, $1, $2) }
    for name in names.split(separator: 0) {
      let key = name.map { CChar(bitPattern: $0) } + [0]
      values[key] = try read { lgetxattr($0, key, $1, $2) }
    }
  }

  /// Reads as much as there is, however it grows between asking and reading; nothing where that fails.
  private static func read(
    _ path: FilePath, _ call: (UnsafePointer<CChar>, UnsafeMutablePointer<CChar>?, Int) -> Int
  ) -> [UInt8]? {
    while true {
      let size = path.withPlatformString { call($0, nil, 0) }
      if size == 0 { return [] }
      var bytes = [CChar](repeating: 0, count: max(size, 1))
      let count = size < 0 ? size : path.withPlatformString { call($0, &bytes, size) }
      if count >= 0 { return bytes[..<count].map { UInt8(bitPattern: $0) } }
      switch errno {
      case ERANGE: continue
      case ENOTSUP, ENODATA, EPERM, EACCES: return []
      default: return nil
      }
    }
  }

  package var isEmpty: Bool { values.isEmpty }

  /// Whether overlayfs is told that a folder hides what is in those beneath it.
  package var isOpaque: Bool {
    ["trusted.overlay.opaque", "user.overlay.opaque"].contains { values[Array($0.utf8CString)] == [UInt8(ascii: "y")] }
  }

  /// Whether one is of the machine that has the file, not of the file: an image has none such.
  package static func isOfHost(_ name: some Collection<UInt8>) -> Bool {
    let name = String(decoding: name, as: UTF8.self)
    return name == "security.selinux" || name == "system.nfs4_acl" || name.hasPrefix("trusted.overlay.")
  }

  /// Removes all from a name in a folder, or from the folder itself, but those of the machine.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path.
  package static func remove(from name: FilePath.Component?, in folder: Folder) throws {
    let path = folder.link(to: name)
    for key in try ExtendedAttributes(of: name, in: folder).values.keys
    where !isOfHost(key.dropLast().map { UInt8(bitPattern: $0) }) {
      let code = path.withPlatformString { lremovexattr($0, key) }
      guard code == 0 || [ENODATA, ENOTSUP, EPERM, EACCES].contains(errno) else {
        throw folder.error("can't remove the attributes of", name)
      }
    }
  }

  /// Adds one.
  package mutating func add(_ name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    values[name.map { CChar(bitPattern: $0) } + [0]] = Array(value)
  }

  /// Gives them to a name in a folder, or to the folder itself. What this user or file system may not set is left out,
  /// as `cp -a` does.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path.
  package func set(on name: FilePath.Component?, in folder: Folder) throws {
    if values.isEmpty { return }
    let path = folder.link(to: name)
    for (key, value) in values {
      let code = path.withPlatformString { lsetxattr($0, key, value, value.count, 0) }
      guard code == 0 || [ENOTSUP, EPERM, EACCES, EINVAL].contains(errno) else {
        throw folder.error("can't set the attributes of", name)
      }
    }
  }
}
