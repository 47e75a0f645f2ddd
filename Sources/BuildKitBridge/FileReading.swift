import BuildCache
import Glibc

/// A file, or standard input, that is open to be read; it is closed with the last reference.
///
/// What is no file is refused: a fifo would be waited for, and some devices do something when they are opened. Only what
/// this program was started with may be a pipe: `/dev/stdin`, or `/dev/fd/63` as a shell puts for `<(…)`.
final class OpenFile {
  /// What it is called in messages.
  let name: String
  private let descriptor: Int32
  private let status: stat

  /// What is read at once.
  static let portion = 1 << 17

  /// What a path is called in messages.
  static func name(of path: String) -> String { path == "-" ? "standard input" : path }

  /// Opens a file.
  ///
  /// - Parameter path: a file; `-` is standard input.
  /// - Throws: ``CacheError`` `storage` naming it.
  init(_ path: String) throws(CacheError) {
    name = Self.name(of: path)
    var status = stat()
    if path == "-" {
      descriptor = STDIN_FILENO
      guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    } else {
      try Self.check(path)
      descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
      guard descriptor >= 0 else { throw Self.failure(path) }
      // Another file may have taken its place meanwhile.
      let problem = fstat(descriptor, &status) == 0 ? Self.whyNoFile(status, path) : String(cString: strerror(errno))
      if let problem {
        close(descriptor)
        throw Self.failure(path, problem)
      }
      _ = fcntl(descriptor, F_SETFL, 0)
    }
    self.status = status
  }

  deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

  /// Looks whether a path can be opened as a file.
  ///
  /// - Returns: whether it can be read again and again, as a pipe can't.
  /// - Throws: ``CacheError`` `storage` naming it.
  @discardableResult static func check(_ path: String) throws(CacheError) -> Bool {
    if path == "-" { return false }
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure(path) }
    if let problem = whyNoFile(status, path) { throw failure(path, problem) }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// When it was changed last.
  var changed: Timestamp {
    Timestamp(nanoseconds: TimeSpan.seconds(Int64(status.st_mtim.tv_sec)).nanoseconds)
      .advanced(by: TimeSpan(nanoseconds: Int64(status.st_mtim.tv_nsec)))
  }

  /// Its bytes in all, where it is a file.
  var size: Int { Int(status.st_size) }

  /// The bytes that come next; none at the end.
  ///
  /// - Throws: ``CacheError`` `storage`; `CancellationError` where the task was cancelled while nothing came.
  func next() throws -> [UInt8]? {
    while true {
      while !isReady() { try Task.checkCancellation() }
      var failed: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: Self.portion) { buffer, count in
        let got = read(descriptor, buffer.baseAddress, buffer.count)
        failed = got < 0 ? errno : 0
        count = max(0, got)
      }
      // Another program that has the same descriptor may have made it not wait.
      if failed == EINTR || failed == EAGAIN { continue }
      guard failed == 0 else { throw Self.failure(name, String(cString: strerror(failed))) }
      return bytes.isEmpty ? nil : bytes
    }
  }

  /// Whether something can be read, or the other end is closed; what waits for a pipe is asked now and then whether
  /// anyone still wants it, so that this answers soon.
  func isReady() -> Bool {
    guard status.st_mode & S_IFMT != S_IFREG else { return true }
    var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&ready, 1, 50) != 0
  }

  /// Bytes of a file from a place on, as many as there are up to a count.
  ///
  /// - Throws: ``CacheError`` `storage`.
  func bytes(from place: Int, count most: Int) throws(CacheError) -> [UInt8] {
    var failed: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      let got = pread(descriptor, buffer.baseAddress, most, off_t(place))
      failed = got < 0 ? errno : 0
      count = max(0, got)
    }
    guard failed == 0 else { throw Self.failure(name, String(cString: strerror(failed))) }
    return bytes
  }

  private static func failure(_ path: String, _ cause: String = String(cString: strerror(errno))) -> CacheError {
    CacheError(.storage, "can't read \(name(of: path))", cause: cause)
  }

  /// What something is that is no file, in words; nothing for a file, and for a pipe that was open before.
  private static func whyNoFile(_ status: stat, _ path: String) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFIFO: wasOpenBefore(path) ? nil : "it is a fifo, not a file"
    case S_IFSOCK: "it is a socket, not a file"
    case S_IFDIR: "it is a folder, not a file"
    default: "it is a device, not a file"
    }
  }

  /// Whether a path names a descriptor that this program was started with.
  private static func wasOpenBefore(_ path: String) -> Bool {
    if path == "/dev/stdin" { return true }
    return ["/dev/fd/", "/proc/self/fd/"].contains { folder in
      path.hasPrefix(folder) && Int32(path.dropFirst(folder.count)) != nil
    }
  }
}

/// All bytes of a file, or of standard input for `-`.
///
/// - Parameters:
///   - path: a file, or `-`.
///   - limit: more bytes are refused.
/// - Throws: ``CacheError`` naming it: `storage` where it can't be read, `badInput` where it is too large.
func readFile(_ path: String, limit: Int = .max) throws -> [UInt8] {
  let file = try OpenFile(path)
  var bytes: [UInt8] = []
  while let portion = try file.next() {
    guard bytes.count + portion.count <= limit else {
      throw CacheError(.badInput, "\(file.name) has more than \(limit) bytes")
    }
    bytes += portion
  }
  return bytes
}
