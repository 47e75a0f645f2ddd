import BuildCache

/// A record of a daemon: what BuildKit stores of it.
struct DaemonRecord {
  /// In the words of the embedded manager, which has the same.
  var metadata: RecordMetadata
  /// The id of the cache mount that it is, as an index key tells.
  var cacheMount: String?
  /// Whether it tells its snapshot, be it the one of its own id.
  var tellsSnapshot: Bool

  /// Whether it can still be written: a merge or diff never (E5).
  var isMutable: Bool {
    switch metadata.parents {
    case .none, .layer: !metadata.isCommitted
    case .merge, .diff: false
    }
  }
}

extension [DaemonRecord] {
  /// The first of each id: ids of damaged bytes, of which a text is made, may come to be the same.
  var distinct: [DaemonRecord] {
    var seen: Set<RecordID> = []
    return filter { seen.insert($0.metadata.id).inserted }
  }
}

/// Collects the values of a record, which come in the order of their keys.
struct DaemonRecordFields {
  let id: RecordID
  /// Keys whose values can't be read.
  private(set) var unreadable: [String] = []

  private var values = [MetadataValue?](repeating: nil, count: Key.allCases.count)
  private var cacheMount: String?
  private var tellsSnapshot = false
  /// The value that names a snapshot of the record's own id.
  private let ownSnapshot: [UInt8]

  /// A key of `_main`.
  private enum Key: Int, CaseIterable {
    case size, committed, equalMutable, policy, description, createdAt, lastUsedAt, usageCount, recordType, parent
    case mergeParents, lowerDiffParent, upperDiffParent, diffID, chainID, blobChainID, blob, blobSize, snapshot
    case blobOnly, mediaType, imageRefs, urls, deleted

    static let names: [String: Key] = [
      "snapshot.size": .size,
      "snapshot.committed": .committed,
      "cache.equalMutable": .equalMutable,
      "cache.cachePolicy": .policy,
      "cache.description": .description,
      "cache.createdAt": .createdAt,
      "cache.lastUsedAt": .lastUsedAt,
      "cache.usageCount": .usageCount,
      "cache.recordType": .recordType,
      "cache.parent": .parent,
      "cache.mergeParents": .mergeParents,
      "cache.lowerDiffParent": .lowerDiffParent,
      "cache.upperDiffParent": .upperDiffParent,
      "cache.diffID": .diffID,
      "cache.chainID": .chainID,
      "cache.blobChainID": .blobChainID,
      "cache.blob": .blob,
      "cache.blobsize": .blobSize,
      "cache.snapshot": .snapshot,
      "cache.blobonly": .blobOnly,
      "cache.mediatype": .mediaType,
      "cache.imageRefs": .imageRefs,
      "cache.layer.urls": .urls,
      "cache.deleted": .deleted,
    ]

    /// Keys by the number of their bytes, to be found without making a text.
    private static let byLength: [[(bytes: [UInt8], key: Key)]] = {
      var byLength = [[(bytes: [UInt8], key: Key)]](repeating: [], count: 32)
      for (name, key) in names { byLength[name.utf8.count].append((Array(name.utf8), key)) }
      return byLength
    }()

    init?(_ bytes: ArraySlice<UInt8>) {
      guard bytes.count < Self.byLength.count,
        let found = Self.byLength[bytes.count].first(where: { $0.bytes.elementsEqual(bytes) })
      else { return nil }
      self = found.key
    }
  }

  /// The key of a cache mount begins so; its id follows, and for one that began as a copy of a record that record's id.
  private static let cacheMountPrefix = Array("cache-dir:".utf8)

  init(id: RecordID) {
    self.id = id
    ownSnapshot = Array("{\"value\":\"\(id.text)\"}".utf8)
  }

  /// Takes a value.
  mutating func take(_ name: ArraySlice<UInt8>, _ bytes: ArraySlice<UInt8>) {
    guard let key = Key(name) else {
      if name.starts(with: Self.cacheMountPrefix) {
        cacheMount = String(decoding: name.dropFirst(Self.cacheMountPrefix.count), as: UTF8.self)
      }
      return
    }
    if key == .snapshot {
      tellsSnapshot = true
      // Nearly always its own id, of which no second text is wanted.
      if bytes.count == ownSnapshot.count, bytes.elementsEqual(ownSnapshot) { return }
    }
    values[key.rawValue] = MetadataValue(bytes)
    if values[key.rawValue] == nil { unreadable.append(String(decoding: name, as: UTF8.self)) }
  }

  /// The record that they make.
  var record: DaemonRecord {
    let parents = parents
    var metadata = RecordMetadata(
      id: id, parents: parents, isCommitted: flag(.committed), snapshot: SnapshotID(text(.snapshot) ?? ""),
      createdAt: Timestamp(nanoseconds: number(.createdAt) ?? 0))
    metadata.description = text(.description) ?? ""
    metadata.recordType = RecordType(rawValue: text(.recordType) ?? "")
    if let uses = number(.usageCount) {
      // Without a count the time isn't heeded.
      metadata.usageCount = Int(clamping: max(0, uses))
      metadata.lastUsedAt = number(.lastUsedAt).flatMap { $0 == 0 ? nil : Timestamp(nanoseconds: $0) }
    }
    metadata.size = number(.size).flatMap { $0 == -1 ? nil : max(0, $0) }
    metadata.isDeleted = flag(.deleted)
    metadata.isRetained = number(.policy) == 1
    metadata.isBlobOnly = flag(.blobOnly)
    if let mutable = text(.equalMutable) { metadata.equalMutable = RecordID(mutable) }
    if let images = list(.imageRefs) { metadata.imageRefs = images }
    if let id = digest(.chainID) { metadata.chainID = id }
    if let id = digest(.blobChainID) { metadata.blobChainID = id }
    if let diffID = digest(.diffID) {
      metadata.blob = RecordBlob(
        digest: digest(.blob), diffID: diffID, mediaType: text(.mediaType) ?? "", size: max(0, number(.blobSize) ?? 0),
        urls: list(.urls) ?? [])
    }
    return DaemonRecord(
      metadata: metadata, cacheMount: cacheMount.map { mount(named: $0, parents) }, tellsSnapshot: tellsSnapshot)
  }

  private var parents: ParentIDs {
    if let parent = text(.parent) { return .layer(RecordID(parent)) }
    if let parents = list(.mergeParents), !parents.isEmpty { return .merge(parents.map { RecordID($0) }) }
    let (lower, upper) = (text(.lowerDiffParent), text(.upperDiffParent))
    guard lower != nil || upper != nil else { return .none }
    return .diff(lower: lower.map { RecordID($0) }, upper: upper.map { RecordID($0) })
  }

  private func mount(named name: String, _ parents: ParentIDs) -> String {
    guard case .layer(let parent) = parents, name.hasSuffix(":\(parent)") else { return name }
    return String(name.dropLast(parent.text.count + 1))
  }

  /// A text that is not empty.
  private func text(_ key: Key) -> String? {
    if case .text(let text) = values[key.rawValue], !text.isEmpty { text } else { nil }
  }

  private func number(_ key: Key) -> Int64? {
    if case .number(let number) = values[key.rawValue] { number } else { nil }
  }

  private func flag(_ key: Key) -> Bool {
    if case .flag(true) = values[key.rawValue] { true } else { false }
  }

  private func list(_ key: Key) -> [String]? {
    if case .list(let list) = values[key.rawValue] { list } else { nil }
  }

  private func digest(_ key: Key) -> Digest? { text(key).flatMap { try? Digest(parsing: $0) } }
}
