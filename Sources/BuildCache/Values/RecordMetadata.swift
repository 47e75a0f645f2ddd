/// What is stored of a record.
public struct RecordMetadata: Sendable, Equatable {
  /// The record's id.
  public var id: RecordID
  /// Its parents.
  public var parents: ParentIDs
  /// The snapshot that is its tree; empty where none was stored.
  public var snapshot: SnapshotID
  /// The snapshot that is its tree: of its own id where none was stored (F6).
  public var ownSnapshot: SnapshotID { snapshot.isEmpty ? SnapshotID(of: id) : snapshot }
  /// What it was made for.
  public var recordType = RecordType.regular
  /// What it is, in its maker's words.
  public var description = ""
  /// When it was made.
  public var createdAt: Timestamp
  /// When it was last let go by someone who used it.
  public var lastUsedAt: Timestamp?
  /// How often it was used.
  public var usageCount = 0
  /// Its size in bytes; absent while unknown (B11).
  public var size: Int64?
  /// Whether it can't be written any more; merge and diff records are stored so too (E5).
  public var isCommitted: Bool
  /// Whether its deletion has begun (D6).
  public var isDeleted = false
  /// Whether it outlives its last ref (A5).
  public var isRetained = false
  /// Whether its tree has still to be made of its blob (B8).
  public var isBlobOnly = false
  private var extras: Extras?

  /// The mutable record whose snapshot it shares until it is finalized (B2).
  public var equalMutable: RecordID? {
    get { extras?.values.equalMutable }
    set { change { $0.equalMutable = newValue } }
  }
  /// Names of images that it belongs to, without repeats (B10).
  public var imageRefs: [String] {
    get { extras?.values.imageRefs ?? [] }
    set { change { $0.imageRefs = newValue } }
  }
  /// Its blob, where it was made of one or one was made of it (B9, B15).
  public var blob: RecordBlob? {
    get { extras?.values.blob }
    set { change { $0.blob = newValue } }
  }
  /// What its layers' contents are, in one digest (B9).
  public var chainID: Digest? {
    get { extras?.values.chainID }
    set { change { $0.chainID = newValue } }
  }
  /// What its layers' blobs are, in one digest (B9).
  public var blobChainID: Digest? {
    get { extras?.values.blobChainID }
    set { change { $0.blobChainID = newValue } }
  }

  /// What only some records have, kept apart: of 100,000 records the others would hold 20 MB of nothing.
  private final class Extras: Sendable, Equatable {
    struct Values: Sendable, Equatable {
      var equalMutable: RecordID?
      var imageRefs: [String] = []
      var blob: RecordBlob?
      var chainID: Digest?
      var blobChainID: Digest?
    }
    let values: Values

    init(_ values: Values) { self.values = values }
    static func == (a: Extras, b: Extras) -> Bool { a.values == b.values }
  }

  private mutating func change(_ change: (inout Extras.Values) -> Void) {
    var values = extras?.values ?? Extras.Values()
    change(&values)
    extras = values == Extras.Values() ? nil : Extras(values)
  }

  /// Makes the metadata of a record that nobody has used.
  public init(id: RecordID, parents: ParentIDs, isCommitted: Bool, snapshot: SnapshotID, createdAt: Timestamp) {
    self.id = id
    self.parents = parents
    self.isCommitted = isCommitted
    self.snapshot = snapshot
    self.createdAt = createdAt
  }
}

extension RecordMetadata {
  /// The metadata of a commit of a mutable record (B2): its parents and description, nothing else of it.
  init(committing mutable: RecordMetadata, as id: RecordID, at now: Timestamp) {
    self.init(id: id, parents: mutable.parents, isCommitted: true, snapshot: SnapshotID(of: id), createdAt: now)
    description = mutable.description
    equalMutable = mutable.id
  }
}

/// What a maker may say of a new record (B10).
public struct RecordOptions: Sendable {
  /// What it is, in words.
  public var description: String
  /// What it is made for.
  public var recordType: RecordType
  /// When it counts as made; absent: now.
  public var createdAt: Timestamp?
  /// Whether it outlives its last ref (A5).
  public var retain: Bool
  /// An image that it belongs to; only ``CacheManager/new(over:_:)`` and
  /// ``CacheManager/getByBlob(_:over:_:countsAsUse:providers:)`` heed it (B10).
  public var imageRef: String?

  /// Makes options; the default says nothing.
  public init(
    description: String = "", recordType: RecordType = .regular, createdAt: Timestamp? = nil, retain: Bool = false,
    imageRef: String? = nil
  ) {
    self.description = description
    self.recordType = recordType
    self.createdAt = createdAt
    self.retain = retain
    self.imageRef = imageRef
  }

  func apply(to metadata: inout RecordMetadata) {
    metadata.description = description.replacing("\0", with: "\u{fffd}")  // a store's texts have no NUL
    metadata.recordType = recordType
    metadata.isRetained = retain
    if let createdAt { metadata.createdAt = createdAt }
  }
}
