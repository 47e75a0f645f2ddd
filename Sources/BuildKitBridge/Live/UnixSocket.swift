import BuildCache
import Glibc

/// A connection to a socket of this machine; it is closed with the last reference.
final class UnixSocket {
  /// Its path.
  let path: String
  private let descriptor: Int32

  /// Connects.
  ///
  /// - Parameter patience: how long is waited for a daemon that lets nobody in; absent: as long as it takes.
  /// - Throws: ``CacheError`` `unreachable` naming the socket and what to do; ``Silence``; `CancellationError`.
  init(_ path: String, patience: Duration?) throws {
    self.path = path
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw CacheError(.badInput, "\(path) is too long for the path of a socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    descriptor = socket(AF_UNIX, Int32(kind), 0)
    guard descriptor >= 0 else { throw CacheError(.storage, "can't make a socket", cause: Self.reason(errno)) }
    // It is whole by now, so that a throw closes it.
    let end = patience.map { ContinuousClock.now + $0 }
    while !Self.connects(descriptor, to: &address) {
      // Too many wait to be let in.
      guard errno == EAGAIN || errno == EINTR else { throw SocketTrouble(path, code: errno).error }
      try Task.checkCancellation()
      if let end, ContinuousClock.now > end { throw Silence() }
      poll(nil, 0, 50)
    }
    _ = fcntl(descriptor, F_SETFL, 0)
  }

  private static func connects(_ descriptor: Int32, to address: inout sockaddr_un) -> Bool {
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }

  /// The process that listens at a socket, as ``peer``.
  static func peer(at path: String, patience: Duration) async -> Int? {
    try? await waiting { try UnixSocket(path, patience: patience).peer }
  }

  deinit { close(descriptor) }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

  /// The process at the other end, where the kernel tells: the one that began to listen.
  var peer: Int? {
    // The kernel's `ucred`: process, user, group.
    var credentials: (process: Int32, user: UInt32, group: UInt32) = (0, 0, 0)
    var length = socklen_t(MemoryLayout.size(ofValue: credentials))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, credentials.process > 0 else {
      return nil
    }
    return Int(credentials.process)
  }

  /// Sends bytes.
  ///
  /// - Throws: ``CacheError`` `unreachable`.
  func write(_ bytes: [UInt8]) throws(CacheError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw CacheError(.unreachable, "can't write to \(path)", cause: Self.reason(errno)) }
      sent += count
    }
  }

  /// The bytes that come next; nothing at the end.
  ///
  /// - Parameter patience: how long nothing may come; absent: as long as it takes.
  /// - Throws: ``CacheError`` `unreachable`; ``Silence``; `CancellationError` where the task was cancelled meanwhile.
  func next(patience: Duration?) throws -> [UInt8]? {
    let end = patience.map { ContinuousClock.now + $0 }
    while true {
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&ready, 1, 50)
      if count == 0 || count < 0 && errno == EINTR {
        try Task.checkCancellation()
        if let end, ContinuousClock.now > end { throw Silence() }
        continue
      }
      var failed: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        let got = read(descriptor, buffer.baseAddress, buffer.count)
        failed = got < 0 ? errno : 0
        count = max(0, got)
      }
      if failed == EINTR || failed == EAGAIN { continue }
      guard failed == 0 else { throw CacheError(.unreachable, "\(path) broke off", cause: Self.reason(failed)) }
      return bytes.isEmpty ? nil : bytes
    }
  }

  /// Nothing came for as long as was waited for.
  struct Silence: Error {}
}

/// Why nobody answers at a socket, and what to do.
struct SocketTrouble {
  /// What to say.
  let error: CacheError

  init(_ path: String, code: Int32) {
    let cause = String(cString: strerror(code))
    switch code {
    case EACCES, EPERM:
      error = CacheError(.unreachable, "no permission for \(path)" + Self.whoMay(path), obstacle: .forbidden)
    case ENOENT:
      error = CacheError(
        .unreachable, "there is no \(path): the daemon isn't running, or has its socket elsewhere", obstacle: .gone)
    case ECONNREFUSED:
      error = CacheError(.unreachable, "nobody answers at \(path): the daemon isn't running", obstacle: .gone)
    default:
      error = CacheError(.unreachable, "can't connect to \(path)", cause: cause)
    }
  }

  /// Whom a socket lets in, in words.
  static func whoMay(_ path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IWGRP != 0, let group = getgrgid(status.st_gid)?.pointee.gr_name
    else { return ": run strata with sudo" }
    let name = String(cString: group)
    if name == "root" { return ": run strata with sudo" }
    return
      ": its group \(name) may use it: join it (`sudo usermod -aG \(name) $USER`, then log in anew), or run strata "
      + "with sudo"
  }
}
