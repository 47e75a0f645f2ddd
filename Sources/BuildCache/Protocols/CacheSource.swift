import SystemPackage

/// A cache to look at: the embedded one, a saved list, a daemon's. The explorer and the commands talk to nothing else.
///
/// Looking is reading a value, acting is asking for it, and neither holds anything in between.
///
/// Contract:
/// - ``read()`` and ``glimpse(of:)`` change nothing and hold nothing when they have returned: no lock, no file, no name.
/// - Two readings with no change between them have the same state.
/// - What may be done is asked when it is wanted, and may be another thing each time: a folder is made writable, a daemon
///   goes away. Whoever was allowed something may still be refused by the act itself.
/// - An act that throws has changed nothing, but for what it reported.
/// - Calls may come from any task, side by side. What waits (for a disk, a process) waits on threads of its own, and ends
///   soon with a `CancellationError` where its task is cancelled.
public protocol CacheSource: Sendable {
  /// What tells this source from all others.
  var identity: SourceIdentity { get }

  /// Some of the largest records, largest first and without parents, use and what is shared: something to look at while
  /// ``read()`` takes its time; nothing where that is no longer than this.
  ///
  /// - Parameter count: at most so many.
  /// - Throws: ``CacheError``.
  func glimpse(of count: Int) async throws -> CacheState?

  /// What the cache holds now, with sizes measured (C). Looking is not using (G1).
  ///
  /// - Throws: ``CacheError`` where it can't be read.
  func read() async throws -> Reading

  /// Who prunes it.
  func pruning() async -> Permission<any CachePruner>

  /// Who knows more of its records than their rows, and holds them.
  func insight() async -> Permission<any CacheInsight>
}

/// Carries prunes out.
///
/// Contract: that of ``CacheSource``, and what ``promises(ofChosen:)`` tells holds.
public protocol CachePruner: Sendable {
  /// What it answers for.
  ///
  /// - Parameter isChosen: whether of a plan whose victims were chosen, not of one by rules.
  func promises(ofChosen isChosen: Bool) -> PrunePromises

  /// Looks whether a prune could begin now, so that nobody is asked about one that can't; it may be otherwise when it
  /// comes to that.
  ///
  /// - Throws: what ``carryOut(_:progress:)`` would throw before it changed anything: ``CacheError`` `heldByOther`,
  ///   `readOnly`, `storage`, `unreachable`.
  func checkMayBegin() async throws

  /// Carries out a plan: removes its victims, as far as each is still free to go. Where it promises that it can be stopped
  /// it answers also when its task is cancelled, be it before the first removal: the report says what it did not come to.
  ///
  /// - Parameters:
  ///   - plan: what to remove; made of a reading of the same source.
  ///   - progress: called of each removal once it is durable, with the record's row.
  /// - Returns: what went and what was left alone.
  /// - Throws: ``CacheError`` `heldByOther` where another process is changing the cache, `readOnly`, `storage`; of a daemon
  ///   `unreachable`, `badInput` where it can't be told what to remove. What was removed was reported.
  func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws -> PruneReport
}

/// Knows what records hold, and who holds them.
///
/// Contract: that of ``CacheSource``.
public protocol CacheInsight: Sendable {
  /// All that is known of a record beside its row, as it is now.
  ///
  /// - Throws: ``CacheError`` `notFound`, `storage`.
  func details(of id: RecordID) async throws -> RecordDetails

  /// What a record's tree holds at a path: names with the bytes of all beneath, the largest first. No use of it (G1).
  ///
  /// - Throws: ``CacheError`` `notFound` where there is no such record or path, `storage`.
  /// - Complexity: a walk of all beneath the path.
  func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile]

  /// Keeps a record in use until it is let go (G8), or lets go of it.
  ///
  /// - Throws: ``CacheError`` `notFound` where there is no such record, or no hold to let go of, `readOnly`,
  ///   `heldByOther`, `storage`; nothing is changed then.
  func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws
}
