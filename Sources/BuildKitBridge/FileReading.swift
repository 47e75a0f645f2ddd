import BuildCache
import Glibc

/// All bytes of a file, or of standard input for `-`.
///
/// What is no file is refused: a fifo would be waited for, and some devices do something when they are opened. Only what
/// this program was started with may be a pipe: `/dev/stdin`, or `/dev/fd/63` as a shell puts for `<(…)`.
///
/// - Parameters:
///   - path: a file, or `-`.
///   - limit: more bytes are refused.
/// - Throws: ``CacheError`` naming it: `storage` where it can't be read, `badInput` where it is too large.
func readFile(_ path: String, limit: Int = .max) throws(CacheError) -> [UInt8] {
  let name = path == "-" ? "standard input" : path
  func failure(_ cause: String = String(cString: strerror(errno))) -> CacheError {
    CacheError(.storage, "can't read \(name)", cause: cause)
  }
  var descriptor = STDIN_FILENO
  if path != "-" {
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure() }
    if let problem = whyNoFile(status, path) { throw failure(problem) }
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw failure() }
  }
  defer { if path != "-" { close(descriptor) } }
  if path != "-" {
    // Another file may have taken its place meanwhile.
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure() }
    if let problem = whyNoFile(status, path) { throw failure(problem) }
    _ = fcntl(descriptor, F_SETFL, 0)
  }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count == 0 { return bytes }
    if count < 0 && errno == EINTR { continue }
    if count < 0 && errno == EAGAIN {
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      poll(&ready, 1, -1)
      continue
    }
    guard count > 0 else { throw failure() }
    guard bytes.count + count <= limit else { throw CacheError(.badInput, "\(name) has more than \(limit) bytes") }
    bytes += buffer[..<count]
  }
}

/// What something is that is no file, in words; nothing for a file, and for a pipe that was open before.
private func whyNoFile(_ status: stat, _ path: String) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFIFO: wasOpenBefore(path) ? nil : "it is a fifo, not a file"
  case S_IFSOCK: "it is a socket, not a file"
  case S_IFDIR: "it is a folder, not a file"
  default: "it is a device, not a file"
  }
}

/// Whether a path names a descriptor that this program was started with.
private func wasOpenBefore(_ path: String) -> Bool {
  if path == "/dev/stdin" { return true }
  return ["/dev/fd/", "/proc/self/fd/"].contains { folder in
    path.hasPrefix(folder) && Int32(path.dropFirst(folder.count)) != nil
  }
}
