/// Everything that opening a cache has to know.
public struct StoreContents: Sendable {
  /// A record, and whether it misses its snapshot.
  public struct StoredRecord: Sendable {
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
  public let records: [StoredRecord]
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
    records: [StoredRecord], numbers: [RecordID: Int32]? = nil, unreadable: [UnreadableRecord] = [], holds: [Hold]
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
  /// What is said of blobs whose digests can't be read, in words.
  public var unreadableBlobs: [String]

  /// Makes an inspection.
  public init(
    contents: StoreContents, snapshots: [Snapshot], leases: [Lease], damage: [String] = [],
    unreadableBlobs: [String] = []
  ) {
    self.contents = contents
    self.snapshots = Dictionary(snapshots.map { ($0.id, $0) }) { first, _ in first }
    self.leases = Dictionary(leases.map { ($0.id, $0) }) { first, _ in first }
    self.damage = damage
    self.unreadableBlobs = unreadableBlobs
  }
}
