import BuildCache
import Glibc
import Synchronization
import SystemPackage

/// How far work of so many steps has come, on standard error where that is a terminal.
final class StepProgress: Sendable {
  private let label: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let shown = Mutex(0)

  /// Begins.
  init(_ label: String) { self.label = label }

  /// Shows how many steps are done; may be called from any thread.
  @Sendable func show(_ done: Int, of total: Int) {
    let share = total > 0 ? done * 100 / total : 100
    let isNews = shown.withLock { shown in
      defer { shown = share }
      return shown != share
    }
    if isTerminal && isNews { writeProgress("\r\(label)  \(share)%  \(done) of \(total)\u{1b}[K") }
  }

  /// Ends the line.
  func end() {
    if isTerminal { writeProgress("\r\u{1b}[K") }
  }
}

private func writeProgress(_ text: String) {
  _ = writeAll(Array(text.utf8), to: .standardError)
}

/// How far long work has come, on standard error: a bar on a terminal, now and then a line elsewhere.
final class ByteProgress: Sendable {
  private struct State {
    var meter: ByteMeter
    /// What was shown last, and when.
    var shown: Int64 = 0
    var shownAt: Timestamp?
  }
  private let label: String
  private let clock: any CacheClock
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let state: Mutex<State>

  /// Begins.
  ///
  /// - Parameters:
  ///   - total: the bytes in all, where they are known.
  ///   - clock: tells the time, from which rates come.
  init(_ label: String, total: Int64? = nil, clock: any CacheClock = SystemClock()) {
    (self.label, self.clock) = (label, clock)
    state = Mutex(State(meter: ByteMeter(total: total, at: clock.now())))
  }

  /// Counts more bytes; may be called from any thread.
  @Sendable func add(_ bytes: Int64) {
    state.withLock { add(bytes, to: &$0) }
  }

  /// Counts more bytes of so many in all, where they are known.
  @Sendable func add(_ bytes: Int64, of total: Int64?) {
    state.withLock { state in
      state.meter.total = total
      add(bytes, to: &state)
    }
  }

  private func add(_ bytes: Int64, to state: inout State) {
    let now = clock.now()
    state.meter.add(bytes, at: now)
    guard isDue(state, now) else { return }
    (state.shown, state.shownAt) = (state.meter.bytes, now)
    if isTerminal {
      writeProgress("\r\(state.meter.line(label, width: Self.width))\u{1b}[K")
    } else {
      writeProgress("\(label)  \(state.meter.count)\n")
    }
  }

  /// How often a terminal is drawn on at most.
  private static let pause = TimeSpan(nanoseconds: 100_000_000)

  /// Whether enough has passed since the last showing: a tenth of a second on a terminal, a quarter of the work
  /// elsewhere; nothing where the work is not worth telling.
  private func isDue(_ state: State, _ now: Timestamp) -> Bool {
    guard isTerminal else {
      return state.meter.bytes - state.shown >= max((state.meter.total ?? 1 << 30) / 4, 64 << 20)
    }
    guard let last = state.shownAt else { return state.meter.bytes >= 1 << 20 }
    return now < last || now >= last.advanced(by: Self.pause)
  }

  private static var width: Int {
    var window = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 else { return 80 }
    return Int(window.ws_col)
  }

  /// Ends the line of a terminal.
  func end() {
    state.withLock { state in
      if state.shownAt != nil && isTerminal { writeProgress("\r\u{1b}[K") }
      state.shownAt = nil
    }
  }
}
