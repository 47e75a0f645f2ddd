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
  /// Drops what is said of blobs whose digests can't be read.
  case forgetUnreadableBlobs
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
