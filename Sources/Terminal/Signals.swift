import Glibc

/// Turns signals, and calls from other threads, into bytes of a pipe, so that one `poll` waits for all.
///
/// The pipe's write end is set once, before any handler that uses it is installed.
enum Signals {
  enum Message: UInt8 {
    case wake = 119
    case resize = 122
    case interrupt = 105
    case terminate = 116
  }

  private nonisolated(unsafe) static var writeEnd: Int32 = -1
  /// How many requests to end came; written by the handler alone.
  private nonisolated(unsafe) static var endings: Int32 = 0

  /// Installs the handlers.
  ///
  /// - Returns: the pipe's read end.
  static func install() -> Int32 {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return -1 }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    writeEnd = ends[1]
    endings = 0
    Restoration.install(SIGWINCH, flags: 0) { _ in Signals.send(.resize) }
    Restoration.install(SIGINT, flags: 0) { _ in Signals.send(.interrupt) }
    for number in [SIGTERM, SIGHUP] {
      Restoration.install(number, flags: 0) { number in
        Signals.endings += 1
        if Signals.endings > 1 {
          // The program did not end at the first: then by the signal itself.
          Restoration.restore()
          signal(number, SIG_DFL)
          raise(number)
        }
        Signals.send(.terminate)
      }
    }
    return ends[0]
  }

  /// Hands the signals back and closes the pipe.
  static func uninstall(readEnd: Int32) {
    for number in [SIGWINCH, SIGINT, SIGTERM, SIGHUP] { Restoration.uninstall(number) }
    let end = writeEnd
    writeEnd = -1
    if end >= 0 { close(end) }
    if readEnd >= 0 { close(readEnd) }
  }

  /// Writes a message; safe in a signal handler and from any thread. A full pipe has enough of them.
  static func send(_ message: Message) {
    var byte = message.rawValue
    let code = errno
    _ = write(writeEnd, &byte, 1)
    errno = code
  }
}

/// Wakes the thread that waits in ``TerminalScreen/nextEvent()``.
public struct Waker: Sendable {
  init() {}

  /// Makes ``TerminalScreen/nextEvent()`` return ``TerminalEvent/wake``; may be called from any thread.
  public func wake() {
    Signals.send(.wake)
  }
}
