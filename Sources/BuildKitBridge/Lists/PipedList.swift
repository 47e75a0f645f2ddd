import BuildCache
import Synchronization

/// Bytes that come in portions, when they come.
protocol Portions: AnyObject {
  /// Whether ``next()`` would not wait; waits a moment for that itself, and no longer.
  func isReady() -> Bool
  /// What came next; nothing at the end.
  func next() throws -> [UInt8]?
}

extension OpenFile: Portions {}

/// A list that can be read once only, as a pipe: what came is kept.
final class PipedList: Sendable {
  private struct State {
    /// What is read; absent before the first look, and when all was read.
    var source: (any Portions)?
    var begun: Timestamp?
    /// What has come and isn't read as a list yet.
    var portions: [[UInt8]] = []
    var isWhole = false
    var result: Result<SavedDiskUsage, any Error>?
  }

  private let name: String
  private let clock: any CacheClock
  private let open: @Sendable () throws -> any Portions
  private let state = Guarded(State())

  /// Makes a list of which nothing is read yet.
  ///
  /// - Parameters:
  ///   - name: what it is called in messages.
  ///   - open: begins it, when it is wanted first.
  init(_ name: String, clock: any CacheClock, open: @escaping @Sendable () throws -> any Portions) {
    (self.name, self.clock, self.open) = (name, clock, open)
  }

  /// What came first; nothing where all was read as a list already.
  ///
  /// - Throws: what `open` and the portions throw; `CancellationError`.
  func beginning() throws -> [UInt8]? {
    while true {
      let first = try state.withLock { state -> [UInt8]?? in
        if state.result != nil { return .some(nil) }
        if state.portions.isEmpty && !state.isWhole { try advance(&state) }
        if let first = state.portions.first { return first }
        return state.isWhole ? .some(nil) : nil
      }
      if let first { return first }
      try Task.checkCancellation()
    }
  }

  /// The list, when all of it has come.
  ///
  /// - Throws: as ``SavedDiskUsage/init(name:written:_:)``, and what `open` and the portions throw.
  func read() throws -> SavedDiskUsage {
    while true {
      // What was read is not lost where this task is cancelled: another may want it.
      let result = try state.withLock { state -> Result<SavedDiskUsage, any Error>? in
        if !state.isWhole { try advance(&state) }
        guard state.isWhole else { return nil }
        if let result = state.result { return result }
        var portions = state.portions
        portions.reverse()
        let size = portions.reduce(0) { $0 + $1.count }
        state.portions = []
        let result = Result {
          try SavedDiskUsage(
            name: name, written: state.begun ?? clock.now(), endsWithTask: false, size: size
          ) { portions.popLast() }
        }
        state.result = result
        return result
      }
      if let result { return try result.get() }
      try Task.checkCancellation()
    }
  }

  /// Takes what has come, waiting a moment for it.
  private func advance(_ state: inout State) throws {
    let source = try state.source ?? open()
    state.source = source
    if state.begun == nil { state.begun = clock.now() }
    guard source.isReady() else { return }
    if let portion = try source.next() {
      state.portions.append(portion)
    } else {
      state.isWhole = true
      state.source = nil
    }
  }
}
