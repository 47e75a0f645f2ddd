import BuildCache

/// Asks a daemon, and has it prune: BuildKit's own, or a Docker Engine.
///
/// Contract: each call is one conversation, and holds nothing afterwards. Where a daemon can't be asked it throws
/// ``CacheError`` `unreachable` with what to do; where the task is cancelled, `CancellationError`.
protocol DaemonClient: Sendable {
  /// Gives the list of all records, as ``SavedDiskUsage`` reads it, in portions as they come.
  func list(into channel: ByteChannel) async throws

  /// What the daemon says of itself.
  ///
  /// - Throws: only where it can't be asked at all: what it doesn't say is absent.
  func facts() async throws -> DaemonFacts

  /// Has the daemon carry out a rule.
  ///
  /// - Parameter removed: called of each record that went, in order, with the bytes that went with it, as soon as the
  ///   daemon tells.
  func prune(_ rule: PrunePolicy, removed: @escaping @Sendable (RecordID, Int64?) -> Void) async throws

  /// The rule that takes just these records, whatever else holds of them.
  ///
  /// - Parameter all: whether what is shared or internal may be among them.
  func rule(for ids: [RecordID], all: Bool) throws -> PrunePolicy

  /// Whether a rule can be said to a daemon so that it does just that: what an old one doesn't know it passes over without
  /// a word, and then removes without a limit.
  func canSay(_ rule: PrunePolicy, to facts: DaemonFacts) -> Bool
}
