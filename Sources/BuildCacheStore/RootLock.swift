import BuildCache
import Glibc
import SystemPackage

/// The lock on a cache's root: one process may change the cache at a time.
///
/// The kernel drops it when the process ends, however it ends.
final class RootLock: Sendable {
  private let descriptor: FileDescriptor

  /// Takes the lock at once, or says who has it.
  ///
  /// - Throws: ``CacheError`` `heldByOther` with the holder's process id; ``Errno`` where the file can't be written.
  init(_ path: FilePath) throws {
    let descriptor = try FileDescriptor.open(
      path, .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite, .groupRead, .otherRead])
    guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      let error = Errno(rawValue: errno)
      let holder = Self.holder(descriptor)
      try? descriptor.close()
      guard error == .wouldBlock else { throw error }
      throw CacheError(.heldByOther, "process \(holder) is changing this cache (lock \(path))")
    }
    self.descriptor = descriptor
    try descriptor.resize(to: 0)
    _ = try descriptor.writeAll(toAbsoluteOffset: 0, "\(getpid())\n".utf8)
  }

  /// Lets the lock go.
  ///
  /// To close isn't enough: a process that another thread is starting right now has a copy of the descriptor.
  func release() {
    flock(descriptor.rawValue, LOCK_UN)
    try? descriptor.close()
  }

  private static func holder(_ descriptor: FileDescriptor) -> String {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = (try? bytes.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 0, into: $0) }) ?? 0
    let digits = bytes.prefix(count).prefix { (48...57).contains($0) }
    return digits.isEmpty ? "(unknown)" : String(decoding: digits, as: UTF8.self)
  }
}
