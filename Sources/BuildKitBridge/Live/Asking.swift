import BuildCache
import Programs
import Synchronization

/// How long is waited for what daemons take their time for.
public struct DaemonPatience: Sendable, Hashable {
  /// For a list: the daemon may measure trees before it says anything. A prune is waited for as long as it takes.
  public var list: Duration
  /// For what it says of itself.
  public var facts: Duration

  /// The usual.
  public static let usual = DaemonPatience(list: .seconds(120), facts: .seconds(15))

  /// Makes one.
  public init(list: Duration, facts: Duration) { (self.list, self.facts) = (list, facts) }
}

/// Programs that are asked for what they print.
extension Program {
  /// Runs it, and hands on what it prints.
  ///
  /// - Parameters:
  ///   - whom: what is asked through it, for messages.
  ///   - patience: how long it may print nothing; absent: as long as it takes.
  /// - Throws: ``CacheError`` `unreachable` with what to do; what `take` throws; `CancellationError`.
  func ask(_ whom: String, patience: Duration?, taking take: @escaping @Sendable ([UInt8]) async throws -> Void)
    async throws
  {
    do {
      try await waiting { try await run(patience: patience, taking: take) }
    } catch let failure as Failure {
      throw DaemonTrouble.error(failure, of: self, asking: whom)
    }
  }

  /// All that it prints.
  ///
  /// - Throws: as ``ask(_:patience:taking:)``; ``CacheError`` `unreachable` where it prints more than any answer has.
  func answer(of whom: String, patience: Duration) async throws -> [UInt8] {
    let all = Guarded<[UInt8]>([])
    try await ask(whom, patience: patience) { bytes in
      try all.withLock { all in
        all += bytes
        if all.count > Self.longestAnswer { throw CacheError(.unreachable, "\(whom) answers without end") }
      }
    }
    return all.withLock { $0 }
  }

  static var longestAnswer: Int { 1 << 24 }
}
