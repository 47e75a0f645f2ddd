import SystemPackage

/// All that is known of one record beside its row of disk usage.
public struct RecordDetails: Sendable {
  /// What is stored of it.
  public var metadata: RecordMetadata
  /// All refs on it, those of records that stand on it included; those in another process's memory are not known.
  public var refCount: Int
  /// Whether a lasting hold is among them (G8).
  public var isHeld: Bool
  /// Whether only its blob's description is here.
  public var isLazy: Bool
  /// The other half of an equal pair (B2).
  public var equalHalf: RecordID?
  /// Where its tree is, where it has one.
  public var folder: FilePath?
  /// The leases that keep its snapshot or its blob, by name.
  public var leases: [String]
  /// The tags that name it.
  public var tags: [String]

  /// The cache mount that it is, where it is one.
  public var cacheMount: CacheMount?

  package init(
    metadata: RecordMetadata, refCount: Int, isHeld: Bool, isLazy: Bool, equalHalf: RecordID?, folder: FilePath?,
    leases: [String], tags: [String]
  ) {
    self.metadata = metadata
    self.refCount = refCount
    self.isHeld = isHeld
    self.isLazy = isLazy
    self.equalHalf = equalHalf
    self.folder = folder
    self.leases = leases
    self.tags = tags
  }
}
