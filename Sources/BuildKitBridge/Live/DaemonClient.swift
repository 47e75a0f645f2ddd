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
  func rule(for ids: [RecordID]) throws -> PrunePolicy

  /// Why a rule can't be said to this daemon; absent where it can.
  func refusal(of rule: PrunePolicy) -> String?
}
