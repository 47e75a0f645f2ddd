import CacheReport
import Glibc
import Synchronization
import SystemPackage
import Terminal

/// Where commands print.
let output = StandardOutput(.standardOutput)

/// What commands print, gathered on its way to a descriptor; may be used from any thread.
///
/// Texts are made safe for a terminal, line by line: whatever comes from outside can be given as it is.
///
/// What can't be written ends the program at once: quietly where the reader has gone, as other programs end then, with a
/// message elsewhere. Who changes a cache calls ``keepGoing()`` before, and finishes its work.
final class StandardOutput: Sendable {
  private struct State {
    var gathered: [UInt8] = []
    /// Why nothing is written any more.
    var loss: Errno?
    var isLossTold = false
    var keepsGoing = false
  }
  private let descriptor: FileDescriptor
  /// A terminal is told every line as it comes.
  private let isTerminal: Bool
  private let state = Mutex(State())

  /// What is written in one go, elsewhere than on a terminal.
  private static let portion = 1 << 16
  /// What a shell says of a program that a closed pipe ended.
  static let closedPipeCode = 128 + SIGPIPE

  init(_ descriptor: FileDescriptor) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor.rawValue) == 1
  }

  /// The columns of the terminal that lines are printed on; absent where they go elsewhere, and nothing has to fit.
  var columns: Int? {
    var size = winsize()
    guard isTerminal, ioctl(descriptor.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Prints a line.
  func line(_ text: String = "") { add(Array((safeText(text) + "\n").utf8)) }

  /// Prints lines.
  func lines(_ lines: some Sequence<String>) { for line in lines { self.line(line) } }

  /// Prints lines that are safe already.
  func safeLines(_ lines: some Sequence<String>) { for line in lines { add(Array((line + "\n").utf8)) } }

  /// Prints a text that has several lines.
  func text(_ text: String) { lines(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) }

  /// Prints bytes as they are: made by this program, and safe.
  func bytes(_ bytes: some Sequence<UInt8>) { add(Array(bytes)) }

  /// From here on a lost output ends nothing: ``flush()`` and ``close(_:)`` tell of it.
  func keepGoing() { state.withLock { $0.keepsGoing = true } }

  /// Writes all that was gathered.
  ///
  /// - Returns: that the output was lost, in words, where it was and ``keepGoing()`` was called.
  func flush() -> String? {
    state.withLock { state in
      write(&state)
      guard let loss = state.loss else { return nil }
      state.isLossTold = true
      return Self.words(for: loss)
    }
  }

  /// Writes all that was gathered, and nothing after it.
  ///
  /// - Parameter code: the exit code that the program is to end with.
  /// - Returns: that code, or another where the output was lost, which is told.
  func close(_ code: Int32) -> Int32 {
    state.withLock { state in
      // A failure has its own code and message.
      if code != 0 { state.keepsGoing = true }
      write(&state)
      // Some disks tell only now that they are full.
      if state.loss == nil, Glibc.close(descriptor.rawValue) != 0, errno != EBADF {
        state.loss = Errno(rawValue: errno)
      }
      guard let loss = state.loss, !state.isLossTold else { return code }
      if loss != .brokenPipe || code == 0 { printError(Self.words(for: loss)) }
      return code == 0 ? 1 : code
    }
  }

  private func add(_ bytes: [UInt8]) {
    state.withLock { state in
      guard state.loss == nil else { return }
      state.gathered += bytes
      if isTerminal || state.gathered.count >= Self.portion { write(&state) }
    }
  }

  private func write(_ state: inout State) {
    guard state.loss == nil, !state.gathered.isEmpty else { return }
    state.loss = writeAll(state.gathered, to: descriptor)
    state.gathered.removeAll(keepingCapacity: true)
    guard let loss = state.loss, !state.keepsGoing else { return }
    if loss == .brokenPipe { _exit(Self.closedPipeCode) }
    printError(Self.words(for: loss))
    _exit(1)
  }

  private static func words(for loss: Errno) -> String { "can't write standard output: \(loss)" }
}

/// Writes all bytes, however many calls it takes.
///
/// - Returns: what prevented it.
func writeAll(_ bytes: [UInt8], to descriptor: FileDescriptor) -> Errno? {
  bytes.withUnsafeBytes { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      do {
        let count = try descriptor.write(UnsafeRawBufferPointer(rebasing: rest))
        guard count > 0 else { return .ioError }
        rest = rest.dropFirst(count)
      } catch Errno.resourceTemporarilyUnavailable {
        // Another program that has the same descriptor made it not wait.
        var ready = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } catch {
        return error as? Errno ?? .ioError
      }
    }
    return nil
  }
}

/// Takes the numbers 0, 1 and 2 where they are closed, so that no file that is opened later gets them, and what is
/// printed does not end up in it.
func reserveStandardDescriptors() {
  for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
    // Opened the wrong way round: reading and writing fail as they would have.
    _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
}
