/// A record in memory, with its refs counted.
///
/// Guarded by the lock of ``CacheManager/state``: nobody reads or writes one without holding it.
final class Record: @unchecked Sendable {
  /// What is stored of it.
  var metadata: RecordMetadata
  /// The records that it holds a ref on, in the order of C5; emptied when it is removed (A1).
  var parents: [Record]
  /// Its place among the records of the manager's state; 0 where it is not one of them.
  var slot = 0
  /// All refs on it: handles, those of children, and a lasting hold.
  var refCount = 0
  /// How many of them count as use (A2); of an immutable record only, as a mutable one has one holder.
  var useCount = 0
  /// The ref on the mutable half of an equal pair; only an immutable half has one.
  var equalMutable: Handle?
  /// The immutable half that was committed last; only a mutable half has one.
  weak var equalImmutable: Record?
  /// Whether its deletion has begun (A9).
  var isMarkedDead = false
  /// Whether a lasting hold (G8) is among the refs.
  var isHeld = false
  /// What is stored of it again since it was removed while somebody held it; see ``rewrite(_:)``.
  private(set) var remnant: RecordMetadata?
  /// Its digest chain, once it was asked for (B7).
  var knownDigestChain: [Digest?]?
  /// Whether a view of its snapshot was made to mount it (B13).
  var hasView = false

  init(_ metadata: RecordMetadata, parents: [Record]) {
    self.metadata = metadata
    self.parents = parents
    for parent in parents { parent.refCount += 1 }
  }

  var id: RecordID { metadata.id }
  var kind: RecordKind { metadata.parents.kind }
  var isMutable: Bool { !metadata.isCommitted }

  /// A9: deletion of it or of its equal half has begun.
  var isDead: Bool {
    isMarkedDead || equalImmutable?.isMarkedDead == true || equalMutable?.record.isMarkedDead == true
  }

  /// Whether a listing leaves it out as its equal half stands for both (C1).
  var isHiddenHalf: Bool {
    if let immutable = equalImmutable, immutable.refCount > 0 { return true }
    return equalMutable != nil && refCount == 0
  }

  /// The snapshot that has its tree now: the mutable's while it is half of an equal pair.
  var treeSnapshot: SnapshotID {
    equalMutable?.record.metadata.ownSnapshot ?? metadata.ownSnapshot
  }

  /// The view that shows its tree to a mount (B13), and the lease that keeps it.
  var viewSnapshot: SnapshotID { "\(metadata.ownSnapshot)-view" }
  var viewLease: String { "\(id)-view" }
  /// The lease of blobs that hold the same as its own, compressed otherwise (B15).
  var variantsLease: String { Self.variantsLease(of: id) }
  static func variantsLease(of id: RecordID) -> String { "\(id)-variants" }

  /// The layers that its tree consists of, lowest first (B6).
  var layerChain: [Record] {
    switch metadata.parents {
    case .none, .layer:
      var chain = [self]
      while let top = chain.last, case .layer = top.metadata.parents, let parent = top.parents.first {
        guard parent.kind == .base || parent.kind == .layer else { return parent.layerChain + chain.reversed() }
        chain.append(parent)
      }
      return chain.reversed()
    case .merge:
      return parents.flatMap(\.layerChain)
    case .diff(let lower, let upper):
      guard upper != nil, let top = parents.last else { return [self] }
      switch top.metadata.parents {
      case .layer(let parent) where parent == lower: return [top]
      case .none where lower == nil: return [top]
      default: return [self]
      }
    }
  }
}

extension Record {
  /// Writes to what is stored of a record that was removed while somebody held it (A5): just what was written since then,
  /// as in the original.
  ///
  /// From the next open it is a mutable record of its id, without a snapshot name, and what was built on it stays.
  func rewrite(at now: Timestamp, _ write: (inout RecordMetadata) -> Void = { _ in }) -> StoreChange {
    var metadata =
      remnant ?? RecordMetadata(id: id, parents: .none, isCommitted: false, snapshot: "", createdAt: now)
    write(&metadata)
    remnant = metadata
    return .putRecord(metadata)
  }

  /// Makes it as it was when these were read.
  func takeBack(_ remnant: RecordMetadata?) { self.remnant = remnant }
}

extension Record: DigestChained {
  var chainKind: RecordKind { kind }
  var hasUpper: Bool { if case .diff(_, _?) = metadata.parents { true } else { false } }
  var ownDigest: Digest? { metadata.blob?.digest }
  var chainParents: [Record] { parents }
}

/// A ref that somebody holds on a record; those of children are only counted.
///
/// Guarded by the lock of ``CacheManager/state``.
final class Handle: @unchecked Sendable {
  let record: Record
  /// Whether releasing it may count a use (A2, A3).
  var countsAsUse: Bool
  /// Whether it is among the record's refs.
  var isHeld: Bool

  /// Takes a ref on a record.
  init(on record: Record, countsAsUse: Bool) {
    self.record = record
    self.countsAsUse = countsAsUse
    isHeld = true
    record.refCount += 1
    if countsAsUse && !record.isMutable { record.useCount += 1 }
  }

  /// Names a mutable record without being a ref on it, as an equal pair does after opening.
  init(naming record: Record) {
    self.record = record
    countsAsUse = false
    isHeld = false
  }
}
