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

/// Everything that opening a cache has to know.
public struct StoreContents: Sendable {
  /// A record, and whether it misses its snapshot.
  public struct Record: Sendable {
    /// What is stored of it.
    public var metadata: RecordMetadata
    /// Whether it can't live without a snapshot, being mutable or half of a pair (E2, E3), and that doesn't exist.
    public var lacksSnapshot: Bool

    /// Makes a stored record.
    public init(metadata: RecordMetadata, lacksSnapshot: Bool) {
      self.metadata = metadata
      self.lacksSnapshot = lacksSnapshot
    }
  }
  /// The records.
  public let records: [Record]
  /// Where each of them is in ``records``, by its id.
  public let numbers: [RecordID: Int32]
  /// Records that are there and can't be read; a writer's opening clears them away (E1).
  public var unreadable: [UnreadableRecord]
  /// The holds (G8).
  public var holds: [Hold]

  /// Makes contents.
  ///
  /// - Parameter numbers: as ``numbers``, where the store knows them already; absent: they are worked out.
  public init(
    records: [Record], numbers: [RecordID: Int32]? = nil, unreadable: [UnreadableRecord] = [], holds: [Hold]
  ) {
    self.records = records
    self.numbers =
      numbers ?? Dictionary(records.enumerated().map { ($1.metadata.id, Int32($0)) }) { first, _ in first }
    self.unreadable = unreadable
    self.holds = holds
  }
}

/// A record that is stored and can't be read.
public struct UnreadableRecord: Sendable, Equatable {
  /// Its id, as far as that can be read.
  public var id: RecordID
  /// What can't be read of it, and why.
  public var problem: String
  /// All that is stored of it, by column, as text.
  public var stored: [String: String]
  /// The snapshot that was its tree, as far as that can be read.
  public var snapshot: SnapshotID

  /// Makes an unreadable record.
  public init(id: RecordID, problem: String, stored: [String: String], snapshot: SnapshotID) {
    self.id = id
    self.problem = problem
    self.stored = stored
    self.snapshot = snapshot
  }
}

/// What a store holds, for those who look for damage.
public struct StoreInspection: Sendable {
  /// The records, those that can't be read aside.
  public var contents: StoreContents
  /// The snapshots, by name.
  public var snapshots: [SnapshotID: Snapshot]
  /// The leases, by name.
  public var leases: [String: Lease]
  /// What is damaged beside records, in words.
  public var damage: [String]

  /// Makes an inspection.
  public init(contents: StoreContents, snapshots: [Snapshot], leases: [Lease], damage: [String] = []) {
    self.contents = contents
    self.snapshots = Dictionary(snapshots.map { ($0.id, $0) }) { first, _ in first }
    self.leases = Dictionary(leases.map { ($0.id, $0) }) { first, _ in first }
    self.damage = damage
  }
}

/// One change of a step.
public enum StoreChange: Sendable, Equatable {
  /// Writes a record with its parents, new or not.
  case putRecord(RecordMetadata)
  /// Writes all of an existing record but its parents; does nothing where it doesn't exist.
  case updateRecord(RecordMetadata)
  /// Removes a record, with its tags, hold and foreign values; does nothing where it doesn't exist.
  case removeRecord(RecordID)
  /// Makes a lease, or keeps the one that exists; temporary ones are dropped at the next open.
  case putLease(String, isTemporary: Bool)
  /// Makes an existing lease hold a snapshot, which need not exist yet.
  case leaseSnapshot(SnapshotID, lease: String)
  /// Makes an existing lease hold a blob, which need not exist yet.
  case leaseBlob(Digest, lease: String)
  /// Makes two blobs name each other as variants of the same bytes.
  case linkVariants(Digest, Digest)
  /// Forgets what is said of a blob.
  case forgetBlob(Digest)
  /// Keeps a foreign program's value with an existing record, found by its index where it has one; nothing: drops it.
  case putValue(record: RecordID, key: String, value: String?, index: String?)
  /// Removes a lease; does nothing where it doesn't exist.
  case removeLease(String)
  /// Removes every temporary lease.
  case removeTemporaryLeases
  /// Writes a snapshot, new or not.
  case putSnapshot(Snapshot)
  /// Removes a snapshot's name; its tree stays on disk.
  case removeSnapshot(SnapshotID)
  /// Points a tag at an existing record.
  case putTag(Tag)
  /// Removes a tag; does nothing where it doesn't exist.
  case removeTag(String)
  /// Holds an existing record.
  case putHold(Hold)
  /// Drops a hold; does nothing where there is none.
  case removeHold(RecordID)
}

/// A tree on disk under a name.
public struct Snapshot: Sendable, Equatable {
  /// What may be done with a snapshot.
  public enum Kind: Int, Sendable {
    /// It is being written.
    case active = 1
    /// It is looked at: another name of its parent's tree.
    case view = 2
    /// It is done; nobody writes to it any more.
    case committed = 3
  }

  /// Its name.
  public var id: SnapshotID
  /// The snapshot that it stands on.
  public var parent: SnapshotID?
  /// What may be done with it.
  public var kind: Kind
  /// Where its tree is.
  public var tree: TreeID
  /// What it adds in bytes, where that was known when it was made; otherwise it is measured.
  public var usage: Int64?
  /// What was in the tree when it was done, so that damage shows; absent while it is written.
  public var seal: TreeSeal?

  /// Makes a snapshot.
  public init(
    id: SnapshotID, parent: SnapshotID?, kind: Kind, tree: TreeID, usage: Int64? = nil, seal: TreeSeal? = nil
  ) {
    self.id = id
    self.parent = parent
    self.kind = kind
    self.tree = tree
    self.usage = usage
    self.seal = seal
  }
}

/// What keeps snapshots from garbage collection.
public struct Lease: Sendable, Equatable {
  /// What the names of leases begin with that keep the blobs of records which were cleared away.
  static let lostPrefix = "lost/"

  /// Its name: the id of the record that it is for, with a suffix where it is for a part of it.
  public var id: String
  /// Whether it is dropped at the next open.
  public var isTemporary: Bool
  /// The snapshots that it holds.
  public var snapshots: Set<SnapshotID>
  /// The blobs that it holds.
  public var blobs: Set<Digest>

  /// Makes a lease.
  public init(id: String, isTemporary: Bool, snapshots: Set<SnapshotID> = [], blobs: Set<Digest> = []) {
    self.id = id
    self.isTemporary = isTemporary
    self.snapshots = snapshots
    self.blobs = blobs
  }
}

/// A name that points at a record, as an image name does; what it reaches is shared (G7).
public struct Tag: Sendable, Equatable {
  /// The name: any text without control characters.
  public var name: String
  /// The record.
  public var record: RecordID

  /// Makes a tag.
  public init(name: String, record: RecordID) {
    self.name = name
    self.record = record
  }
}

/// A ref that lasts over programs (G8).
public struct Hold: Sendable, Equatable {
  /// The record that is held.
  public var record: RecordID
  /// Why, in its holder's words.
  public var reason: String
  /// Since when.
  public var since: Timestamp

  /// Makes a hold.
  public init(record: RecordID, reason: String, since: Timestamp) {
    self.record = record
    self.reason = reason
    self.since = since
  }
}
