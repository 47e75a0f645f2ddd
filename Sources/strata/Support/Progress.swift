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
    var bytes: Int64 = 0
    var shown: Int64 = 0
    var total: Int64?
    var hasLine = false
  }
  private let label: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let state = Mutex(State())

  /// Begins.
  ///
  /// - Parameter total: the bytes in all, where they are known.
  init(_ label: String, total: Int64?) {
    self.label = label
    state.withLock { $0.total = total }
  }

  /// Counts more bytes; may be called from any thread.
  @Sendable func add(_ bytes: Int64) {
    state.withLock { add(bytes, to: &$0) }
  }

  /// Counts more bytes of so many in all, where they are known.
  @Sendable func add(_ bytes: Int64, of total: Int64?) {
    state.withLock { state in
      state.total = total
      add(bytes, to: &state)
    }
  }

  private func add(_ bytes: Int64, to state: inout State) {
    state.bytes = state.bytes.addingSaturating(max(0, bytes))
    guard state.bytes - state.shown >= step(of: state.total) else { return }
    state.shown = state.bytes
    state.hasLine = true
    show(state.bytes, of: state.total)
  }

  /// What passes between two showings: a hundredth on a terminal, a quarter elsewhere, where it is worth telling.
  private func step(of total: Int64?) -> Int64 {
    let share = (total ?? 1 << 30) / (isTerminal ? 100 : 4)
    return max(share, isTerminal ? 1 << 20 : 64 << 20)
  }

  /// Ends the line of a terminal.
  func end() {
    state.withLock { state in
      if state.hasLine && isTerminal { writeProgress("\r\u{1b}[K") }
    }
  }

  private func show(_ bytes: Int64, of total: Int64?) {
    let count = ByteCount(bytes).text
    guard let total, total > 0 else { return tell("\(label)  \(count)") }
    let share = min(1, max(0, Double(bytes) / Double(total)))
    let filled = Int(share * 30)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
    tell("\(label)  [\(bar)] \(Int(share * 100))%  \(count) of \(ByteCount(total).text)")
  }

  private func tell(_ line: String) {
    writeProgress(isTerminal ? "\r\(line)\u{1b}[K" : line + "\n")
  }
}
