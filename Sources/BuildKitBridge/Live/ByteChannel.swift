import BuildCache
import Dispatch
import Synchronization

/// Bytes that one task gives and another reads, in portions.
///
/// What is given is kept until it is read: whoever reads them reads as quickly as they come.
final class ByteChannel: Portions, Sendable {
  private struct State {
    var portions: [[UInt8]] = []
    var count = 0
    var end: Result<Void, any Error>?
  }
  private let state = Guarded(State())
  private let given = DispatchSemaphore(value: 0)

  /// No list has more bytes: three million records have less.
  private static let most = 1 << 30

  /// Gives a portion.
  ///
  /// - Throws: ``CacheError`` `unreachable` where there is no end to it.
  func give(_ portion: [UInt8]) throws(CacheError) {
    guard !portion.isEmpty else { return }
    let isEndless = state.withLock { state in
      state.portions.append(portion)
      state.count += portion.count
      return state.count > Self.most
    }
    given.signal()
    if isEndless { throw CacheError(.unreachable, "the daemon's list is without end") }
  }

  /// Nothing comes after this: all was given, or the rest can't be.
  func end(_ result: Result<Void, any Error>) {
    state.withLock { $0.end = $0.end ?? result }
    given.signal()
  }

  func isReady() -> Bool {
    guard given.wait(timeout: .now() + .milliseconds(50)) == .success else { return false }
    given.signal()
    return true
  }

  func next() throws -> [UInt8]? {
    while !isReady() { try Task.checkCancellation() }
    return try state.withLock { state in
      guard state.portions.isEmpty else {
        given.wait()
        return state.portions.removeFirst()
      }
      try state.end?.get()
      return nil
    }
  }
}
