import BuildCache
import Synchronization

/// A list that can be read once only, as a pipe: what came is kept.
final class PipedList: Sendable {
  private struct State {
    /// What is read; absent before the first look, and when all was read.
    var file: OpenFile?
    var begun: Timestamp?
    /// What has come and isn't read as a list yet.
    var portions: [[UInt8]] = []
    var isWhole = false
    var result: Result<SavedDiskUsage, any Error>?
  }

  private let path: String
  private let clock: any CacheClock
  private let state = Guarded(State())

  init(_ path: String, clock: any CacheClock) {
    self.path = path
    self.clock = clock
  }

  /// What came first; nothing where all was read as a list already.
  ///
  /// - Throws: ``CacheError`` `storage`, `CancellationError`.
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
  /// - Throws: as ``SavedDiskUsage/init(name:written:_:)``, and `storage`.
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
            name: OpenFile.name(of: path), written: state.begun ?? clock.now(), endsWithTask: false, size: size
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
    let file = try state.file ?? OpenFile(path)
    state.file = file
    if state.begun == nil { state.begun = clock.now() }
    guard file.isReady() else { return }
    if let portion = try file.next() {
      state.portions.append(portion)
    } else {
      state.isWhole = true
      state.file = nil
    }
  }
}
