import BuildCache
import CLinux
import FileTrees
import Glibc
import SystemPackage

/// The lock on a cache's root: one process may change the cache at a time.
///
/// The kernel drops it when the process ends, however it ends. Who has it can be asked without taking it.
final class RootLock: Sendable {
  private let descriptor: FileDescriptor

  /// Takes the lock at once, or says who has it.
  ///
  /// - Throws: ``CacheError`` `heldByOther` with the holder's process id and since when, `storage` naming the file where
  ///   it can't be written.
  init(_ root: FilePath) throws {
    let path = root.appending(CacheRoot.Name.lock)
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .noFollow, .nonBlocking, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw CacheError(.storage, "can't write \(path)", of: error)
    }
    guard strata_lock(descriptor.rawValue) == 0 else {
      let error = errno
      let holder = Self.holder(descriptor)
      try? descriptor.close()
      guard error == EAGAIN || error == EACCES else { throw FileError("can't lock", path, error) }
      throw Self.refusal(holder, path)
    }
    // In place and never shorter, so that a full disk has room for it; and who can't be told holds it all the same.
    let text = "\(getpid()) since \(SystemClock().now().text)"
    _ = try? descriptor.writeAll(
      toAbsoluteOffset: 0, (text + String(repeating: " ", count: max(0, 62 - text.utf8.count)) + "\n").utf8)
  }

  /// Lets the lock go.
  ///
  /// To close isn't enough: a process that another thread is starting right now has a copy of the descriptor.
  func release() {
    _ = strata_unlock(descriptor.rawValue)
    try? descriptor.close()
  }

  /// Looks whether the lock could be taken; it is not.
  ///
  /// - Throws: ``CacheError`` `heldByOther`, as taking it would.
  static func checkIsFree(_ root: FilePath) throws {
    if let holder = holder(of: root) { throw refusal(holder, root.appending(CacheRoot.Name.lock)) }
  }

  private static func refusal(_ holder: String, _ path: FilePath) -> CacheError {
    CacheError(.heldByOther, "\(holder) is changing this cache (lock \(path))")
  }

  /// Who is changing a cache right now, in words; nothing where nobody does. Asking takes and makes nothing.
  static func holder(of root: FilePath) -> String? {
    let path = root.appending(CacheRoot.Name.lock)
    guard
      let file = try? FileDescriptor.open(path, .readOnly, options: [.noFollow, .nonBlocking, .closeOnExec])
    else { return nil }
    defer { try? file.close() }
    return strata_is_locked(file.rawValue) == 1 ? holder(file) : nil
  }

  private static func holder(_ descriptor: FileDescriptor) -> String {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = (try? bytes.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 0, into: $0) }) ?? 0
    let words = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ")
    guard let process = words.first, UInt32(process) != nil else { return "another process" }
    let since = words.count >= 3 && words[1] == "since" ? ", since \(words[2])," : ""
    return "process \(process)\(since)"
  }
}
