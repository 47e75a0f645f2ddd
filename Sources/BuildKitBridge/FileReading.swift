import BuildCache
import Glibc

/// All bytes of a file, or of standard input for `-`.
///
/// - Throws: ``CacheError`` `storage` naming it.
func readFile(_ path: String) throws(CacheError) -> [UInt8] {
  let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
  func failure() -> CacheError {
    CacheError(
      .storage, "can't read \(path == "-" ? "standard input" : path)", cause: String(cString: strerror(errno)))
  }
  guard descriptor >= 0 else { throw failure() }
  defer { if path != "-" { close(descriptor) } }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count == 0 { return bytes }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { throw failure() }
    bytes += buffer[..<count]
  }
}
