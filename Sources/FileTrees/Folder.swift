import BuildCache
import CLinux
import Glibc
import SystemPackage

/// An open folder: what is done in it is done in this very folder, whatever its name leads to by now.
///
/// Names in it are single components, and no call follows a link that stands behind one.
package final class Folder {
  /// Where it was when it was opened, byte by byte.
  private let place: [UInt8]
  /// The same, for messages only.
  package var path: FilePath { FilePath(bytes: place) }
  /// Negative while it is closed.
  package private(set) var descriptor: Int32
  /// What it has to be when it is opened again.
  private var identity: FileIdentity?

  /// Opens a folder by its path, links on the way followed.
  ///
  /// - Throws: ``CacheError`` `storage` naming it.
  package init(_ path: FilePath) throws {
    place = path.bytes
    descriptor = path.withPlatformString { Self.open(AT_FDCWD, $0, follows: true) }
    guard descriptor >= 0 else { throw FileError("can't read", path) }
  }

  private init(_ descriptor: Int32, _ name: FilePath.Component, in above: Folder) {
    self.descriptor = descriptor
    place = above.place + [UInt8(ascii: "/")] + FilePath(root: nil, [name]).bytes
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// To be read; where that is not allowed, to be passed through at least.
  private static func open(_ above: Int32, _ name: UnsafePointer<CChar>, follows: Bool) -> Int32 {
    let options = O_DIRECTORY | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW)
    let descriptor = openat(above, name, O_RDONLY | options)
    return descriptor < 0 && errno == EACCES ? openat(above, name, strata_path_only | options) : descriptor
  }

  /// The error of the call that just failed, about a name in this folder.
  package func error(_ what: String, _ name: FilePath.Component? = nil, _ code: Int32 = errno) -> CacheError {
    FileError(what, name.map(path.appending) ?? path, code)
  }

  // MARK: looking

  /// What a name is; nothing where there is none.
  package func status(of name: FilePath.Component) throws -> FileStatus? {
    var raw = stat()
    guard name.withPlatformString({ fstatat(descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      if errno == ENOENT { return nil }
      throw error("can't look at", name)
    }
    return FileStatus(raw: raw)
  }

  /// What the folder itself is.
  package func status() throws -> FileStatus {
    var raw = stat()
    guard fstat(descriptor, &raw) == 0 else { throw error("can't look at") }
    return FileStatus(raw: raw)
  }

  /// Its names, in the order of their bytes.
  package func names() throws -> [FilePath.Component] {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let failure = error("can't read", nil, errno == EBADF ? EACCES : errno)
      if copy >= 0 { Glibc.close(copy) }
      throw failure
    }
    defer { closedir(stream) }
    rewinddir(stream)
    var names: [FilePath.Component] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath.Component(platformString: $0) }
      }
      if let name, name.kind == .regular { names.append(name) }
    }
    guard errno == 0 else { throw error("can't read", nil, errno == EBADF ? EACCES : errno) }
    return names.sorted { compare($0, $1) < 0 }
  }

  /// What a link points at, ending in 0.
  package func linkText(of name: FilePath.Component) throws -> [CChar] {
    var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = name.withPlatformString { readlinkat(descriptor, $0, &text, Int(PATH_MAX)) }
    guard count >= 0 else { throw error("can't read link", name) }
    return Array(text[...count])
  }

  // MARK: opening

  /// Opens a folder in it.
  ///
  /// - Returns: nothing where the name is that of no folder, a link to one included, or there is none.
  package func openFolder(_ name: FilePath.Component) throws -> Folder? {
    let found = name.withPlatformString { Self.open(descriptor, $0, follows: false) }
    if found >= 0 { return Folder(found, name, in: self) }
    if errno == ENOTDIR || errno == ELOOP || errno == ENOENT { return nil }
    throw error("can't read", name)
  }

  /// The folder that a path of folders leads to, none of them a link.
  package func openFolder(at path: FilePath) throws -> Folder? {
    var folder = self
    for name in path.components {
      guard let next = try folder.openFolder(name) else { return nil }
      folder = next
    }
    return folder
  }

  /// Opens a regular file to be read; whatever else is there is refused, and not waited for.
  package func openFile(_ name: FilePath.Component) throws -> FileDescriptor {
    let found = name.withPlatformString { openat(descriptor, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
    guard found >= 0 else { throw error("can't read", name) }
    return try FileDescriptor(rawValue: found).ifRegular(path.appending(name))
  }

  /// Closes it until ``reopen(from:)``.
  package func close() throws {
    guard descriptor >= 0 else { return }
    identity = try status().identity
    Glibc.close(descriptor)
    descriptor = -1
  }

  /// Opens it again as what is above a folder that was opened in it.
  ///
  /// - Throws: ``CacheError`` `storage` where that folder has been moved elsewhere meanwhile.
  package func reopen(from below: Folder) throws {
    guard descriptor < 0 else { return }
    descriptor = Self.open(below.descriptor, "..", follows: false)
    guard descriptor >= 0 else { throw error("can't read") }
    guard try status().identity == identity else {
      throw CacheError(.storage, "\(below.path) was moved while it was being read")
    }
  }

  // MARK: changing

  /// Makes a folder.
  package func makeFolder(_ name: FilePath.Component, mode: mode_t = 0o700) throws {
    guard name.withPlatformString({ mkdirat(descriptor, $0, mode) }) == 0 else {
      throw error("can't make folder", name)
    }
  }

  /// Makes a file, which must not be there, and opens it to be written.
  package func makeFile(_ name: FilePath.Component) throws -> FileDescriptor {
    let options = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let made = name.withPlatformString { openat(descriptor, $0, options, 0o600) }
    guard made >= 0 else { throw error("can't write", name) }
    return FileDescriptor(rawValue: made)
  }

  /// Makes a link.
  ///
  /// - Parameter text: what it points at, ending in 0.
  package func makeLink(_ name: FilePath.Component, to text: [CChar]) throws {
    guard name.withPlatformString({ symlinkat(text, descriptor, $0) }) == 0 else {
      throw error("can't make link", name)
    }
  }

  /// Makes a device or pipe.
  package func makeNode(_ name: FilePath.Component, _ mode: mode_t, _ device: dev_t) throws {
    guard name.withPlatformString({ mknodat(descriptor, $0, mode, device) }) == 0 else {
      throw error("can't make device or pipe", name)
    }
  }

  /// Gives what has a name in another folder a further one here.
  ///
  /// - Returns: whether the file system let it; `errno` tells why not.
  package func link(_ other: FilePath.Component, in folder: Folder, as name: FilePath.Component) -> Bool {
    other.withPlatformString { other in
      name.withPlatformString { linkat(folder.descriptor, other, descriptor, $0, 0) == 0 }
    }
  }

  /// Brings what has a name in another folder here; a file that has the name already goes.
  ///
  /// - Returns: whether the file system let it; `errno` tells why not.
  package func move(_ other: FilePath.Component, from folder: Folder, to name: FilePath.Component) -> Bool {
    other.withPlatformString { other in
      name.withPlatformString { renameat(folder.descriptor, other, descriptor, $0) == 0 }
    }
  }

  /// Changes the mode of a name, which is no link, or of the folder itself.
  ///
  /// - Parameter file: the same, where it is open.
  package func setPermissions(
    _ permissions: mode_t, of name: FilePath.Component?, _ file: FileDescriptor? = nil
  ) throws {
    let code = call(name, file) {
      fchmodat($0, $1, permissions, AT_SYMLINK_NOFOLLOW)
    } _: {
      fchmod($0, permissions)
    }
    guard code == 0 else { throw error("can't change the mode of", name) }
  }

  /// Changes the times of a name or of the folder itself.
  ///
  /// - Parameter file: the same, where it is open.
  package func setTimes(
    _ accessed: timespec, _ modified: timespec, of name: FilePath.Component?, _ file: FileDescriptor? = nil
  ) throws {
    let times = [accessed, modified]
    let code = call(name, file) {
      utimensat($0, $1, times, AT_SYMLINK_NOFOLLOW)
    } _: {
      futimens($0, times)
    }
    guard code == 0 else { throw error("can't change the times of", name) }
  }

  /// Makes a folder in it one that its owner may write to, where it is not; root may anyway.
  package func open(_ name: FilePath.Component) throws {
    guard !isRoot, let status = try status(of: name), status.isDirectory, status.permissions & 0o700 != 0o700 else {
      return
    }
    try setPermissions(status.permissions | 0o700, of: name)
  }

  /// Calls what is about a name in it, or else what is about an open file: that one, where it is open, or itself.
  package func call(
    _ name: FilePath.Component?, _ file: FileDescriptor? = nil, _ inside: (Int32, UnsafePointer<CChar>) -> Int32,
    _ itself: (Int32) -> Int32
  ) -> Int32 {
    if let file { return itself(file.rawValue) }
    return name.map { $0.withPlatformString { inside(descriptor, $0) } } ?? itself(descriptor)
  }

  /// A path under which the system finds a name in it, or the folder itself, for calls that take no descriptor.
  package func link(to name: FilePath.Component?) -> FilePath {
    let own = FilePath("/proc/self/fd/\(descriptor)")
    return name.map(own.appending) ?? own.appending(".")
  }
}

extension FileDescriptor {
  /// Itself, if it is that of a regular file.
  ///
  /// - Throws: ``CacheError`` `storage` naming what it is; it is then closed.
  package func ifRegular(_ path: FilePath) throws -> FileDescriptor {
    var raw = Glibc.stat()
    guard Glibc.fstat(rawValue, &raw) == 0 else {
      let error = FileError("can't look at", path)
      try? close()
      throw error
    }
    guard FileStatus(raw: raw).isRegular else {
      try? close()
      throw CacheError(.storage, "\(path) is no file")
    }
    return self
  }
}
