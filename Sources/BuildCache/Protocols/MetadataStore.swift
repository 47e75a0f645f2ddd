/// What a cache keeps durably: records, leases, snapshot names, tags and holds.
///
/// They are one store, not several, so that a step of the manager is one transaction: after a crash either all
/// of a step is there or nothing.
///
/// Contract:
/// - ``apply(_:)`` makes all its changes durable before it returns, or throws and makes none.
/// - Texts have no NUL characters: a store may end them there. Whoever calls sees to that.
/// - A query sees every change that an earlier ``apply(_:)`` made.
/// - One process writes at a time; calls may come from any thread.
public protocol MetadataStore: Sendable {
  /// All records with their tags and holds, in one consistent read, in no order; it may end with a `CancellationError`
  /// where the task is cancelled.
  func load() throws -> StoreContents

  /// Carries out one step.
  ///
  /// - Throws: ``CacheError`` (`storage`, `readOnly`); nothing of the step is stored.
  func apply(_ changes: [StoreChange]) throws

  /// The snapshot of this name, if there is one.
  func snapshot(_ id: SnapshotID) throws -> Snapshot?

  /// All snapshots, in no order.
  ///
  /// - Parameter body: called for each while the store is read: it must not come back to the store.
  func forEachSnapshot(_ body: (Snapshot) -> Void) throws

  /// The snapshots that no lease holds, neither themselves nor through one that stands on them.
  func unleasedSnapshots() throws -> [Snapshot]

  /// All leases with what they hold, in no order.
  func leases() throws -> [Lease]

  /// The names of the leases that hold a snapshot, or a blob where one is given.
  ///
  /// - Complexity: does not grow with the leases that hold neither.
  func leases(holding snapshot: SnapshotID, or blob: Digest?) throws -> Set<String>

  /// All tags, in no order.
  func tags() throws -> [Tag]

  /// Every blob that a lease holds.
  func leasedBlobs() throws -> Set<Digest>

  /// The other blobs that hold the same bytes, compressed otherwise (B15), at any remove; not the blob itself.
  func variants(of blob: Digest) throws -> Set<Digest>

  /// A value that a foreign program keeps with a record (B14).
  func value(_ key: String, of record: RecordID) throws -> String?

  /// The records whose values have this index (B14), in no order.
  func records(withIndex index: String) throws -> Set<RecordID>

  /// All that is stored of records, snapshots and leases, as it was at one moment, and what is damaged of it.
  func inspect() throws -> StoreInspection
}

extension MetadataStore {
  /// All snapshots, in no order.
  public func snapshots() throws -> [Snapshot] {
    var snapshots: [Snapshot] = []
    try forEachSnapshot { snapshots.append($0) }
    return snapshots
  }
}
