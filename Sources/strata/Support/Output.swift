import BuildCache
import Foundation
import Glibc
import SystemPackage
import Terminal

/// Tells a message of this program on standard error.
func printError(_ message: String) {
  writeError("strata: " + safeText(message))
}

/// Writes lines to standard error, made safe for a terminal. Nobody is told where that fails.
func writeError(_ text: String) {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { safeText(String($0)) + "\n" }
  _ = writeAll(Array(lines.joined().utf8), to: .standardError)
}

/// Writes a new file, whole or not at all; no file is ever overwritten.
///
/// - Throws: ``CacheError`` naming it: `badInput` where there is one already, `storage` where it can't be written.
func writeNew(_ bytes: Data, to path: String) throws {
  func failure() -> CacheError {
    errno == EEXIST
      ? CacheError(.badInput, "\(path) is there already, and no file is overwritten: give another name")
      : CacheError(.storage, "can't write \(path)", cause: String(cString: strerror(errno)))
  }
  var status = stat()
  if lstat(path, &status) == 0 {
    errno = EEXIST
    throw failure()
  }
  // It has its name when all of it is there.
  let draft = "\(path).\(getpid())-new"
  let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw failure() }
  defer { unlink(draft) }
  let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  do {
    try file.write(contentsOf: bytes)
    try file.synchronize()
  } catch {
    throw CacheError(.storage, "can't write \(path)", cause: "\(error.localizedDescription)")
  }
  guard link(draft, path) != 0 else { return }
  // Where there are no links a name is taken by a move, which would take that of another away.
  guard errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS else { throw failure() }
  guard lstat(path, &status) != 0 else {
    errno = EEXIST
    throw failure()
  }
  guard rename(draft, path) == 0 else { throw failure() }
}

/// Writes a file of a name that is free in the current folder; no file is ever overwritten.
///
/// - Returns: its name, with a number where there was one already.
/// - Throws: ``CacheError`` `storage` naming it.
func writeNew(_ bytes: Data, named name: String, extension suffix: String) throws -> String {
  for number in 1...9999 {
    let file = "\(name)\(number == 1 ? "" : "-\(number)").\(suffix)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 && errno == EEXIST { continue }
    guard descriptor >= 0 else {
      throw CacheError(.storage, "can't write \(file)", cause: String(cString: strerror(errno)))
    }
    do {
      try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: bytes)
    } catch {
      unlink(file)
      throw CacheError(.storage, "can't write \(file)", cause: "\(error.localizedDescription)")
    }
    return file
  }
  throw CacheError(.storage, "there are 9999 files \(name) here already: move some away")
}
