/// A row as a listing's filter sees it, with its parents.
struct ListedRow: FilterSubject {
  let row: CacheState.Row
  let parents: [RecordID]
  /// From when ages are counted.
  let now: Timestamp

  func filterValue(_ key: FilterKey) -> String? {
    switch key {
    case .parents: parents.isEmpty ? nil : parents.map(\.text).joined(separator: ";")
    case .inuse: row.inUse ? "" : nil
    default: row.ownValue(key, isShared: row.isShared)
    }
  }

  var filterTexts: [String] { row.filterTexts }
  func filterNumber(_ quantity: FilterQuantity) -> Int64? { row.filterNumber(quantity, now) }
}

/// A row as a prune's filter sees it (D7): parents and inuse are never there, and shared is the record's own (D2).
struct PrunableRow: FilterSubject {
  let row: CacheState.Row
  /// The keys that are never there.
  let unseen: Set<FilterKey>
  /// From when ages are counted.
  let now: Timestamp

  func filterValue(_ key: FilterKey) -> String? {
    unseen.contains(key) ? nil : row.ownValue(key, isShared: row.isReferenced)
  }

  var filterTexts: [String] { row.filterTexts }
  func filterNumber(_ quantity: FilterQuantity) -> Int64? { row.filterNumber(quantity, now) }
}

extension CacheState.Row {
  fileprivate var filterTexts: [String] { [id.text, description, recordType.rawValue, kind?.rawValue ?? ""] }

  fileprivate func filterNumber(_ quantity: FilterQuantity, _ now: Timestamp) -> Int64 {
    switch quantity {
    case .size: size
    case .uses: Int64(usageCount)
    case .age: now.since(lastUsedAt ?? createdAt).nanoseconds
    }
  }

  fileprivate func ownValue(_ key: FilterKey, isShared: Bool) -> String? {
    switch key {
    case .id: id.isEmpty ? nil : id.text
    case .description: description.isEmpty ? nil : description
    case .type: recordType.rawValue
    case .mutable: isMutable ? "" : nil
    case .immutable: isMutable ? nil : ""
    case .shared: isShared ? "" : nil
    case .private: isShared ? nil : ""
    case .parents, .inuse: nil
    }
  }
}
