import CNcurses
import Glibc

/// Puts the terminal back as it was when the program dies of a signal.
///
/// A handler may run in the middle of anything, so all it needs is made ready before: bytes in memory that is never
/// freed, and only calls that POSIX allows there (`write`, `tcsetattr`, `sigaction`, `raise`).
///
/// The variables are written by ``arm()`` and ``disarm()`` on the main thread only, while no handler is installed.
enum Restoration {
  /// What makes the terminal plain again: leave the second screen, show the cursor, drop colours and keypad mode.
  private nonisolated(unsafe) static var bytes = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
  private nonisolated(unsafe) static var modes = termios()
  /// The terminal whose modes these are.
  private nonisolated(unsafe) static var terminal = STDIN_FILENO
  private nonisolated(unsafe) static var isArmed = false
  /// What stood before; the Swift runtime's own handlers print a backtrace.
  private nonisolated(unsafe) static var before = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)

  private static let crashes = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE]

  /// Keeps the modes as they are now; called before curses changes them.
  ///
  /// - Parameter keys: the terminal that keys are read from.
  static func remember(_ keys: Int32) {
    terminal = keys
    tcgetattr(keys, &modes)
  }

  /// Gets ready; called once the terminal's description is loaded.
  static func arm() {
    guard !isArmed else { return }
    let parts = ["sgr0", "op", "rmkx", "cnorm", "rmcup"].map { capability($0) }
    let text = parts.joined()
    bytes = .allocate(capacity: text.count)
    _ = bytes.initialize(from: text)
    isArmed = true

    let room = 64 * 1024
    // A stack of its own: running out of the usual one is a crash too.
    var stack = stack_t(ss_sp: .allocate(byteCount: room, alignment: 16), ss_flags: 0, ss_size: room)
    sigaltstack(&stack, nil)
    for number in crashes {
      install(number, flags: SA_ONSTACK) { number in
        Restoration.restore()
        // Returning runs into the crash again, now with the handler that stood before.
        sigaction(number, &Restoration.before[Int(number)], nil)
      }
    }
  }

  /// Hands the signals back.
  static func disarm() {
    guard isArmed else { return }
    isArmed = false
    for number in crashes { sigaction(number, &before[Int(number)], nil) }
  }

  /// Puts the terminal back; safe in a signal handler.
  static func restore() {
    guard isArmed else { return }
    _ = write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
    tcsetattr(terminal, TCSANOW, &modes)
  }

  /// Installs a handler and keeps what stood before.
  static func install(_ number: Int32, flags: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    action.sa_flags = flags
    sigaction(number, &action, &before[Int(number)])
  }

  /// Puts back what stood before ``install(_:flags:_:)``.
  static func uninstall(_ number: Int32) {
    sigaction(number, &before[Int(number)], nil)
  }

  private static func capability(_ name: String) -> [UInt8] {
    guard let text = tigetstr(name), Int(bitPattern: text) != -1 else { return [] }
    // Padding such as $<5> is for terminals of long ago; written raw it would be seen.
    let string = String(cString: text)
    return Array(string.prefix { $0 != "$" }.utf8)
  }
}
