/// A row as a listing's filter sees it, with its parents.
struct ListedRow: FilterSubject {
  let row: CacheState.Row
  let parents: [RecordID]

  func filterValue(_ key: FilterKey) -> String? {
    switch key {
    case .parents: parents.isEmpty ? nil : parents.joined(separator: ";")
    case .inuse: row.inUse ? "" : nil
    default: row.ownValue(key, isShared: row.isShared)
    }
  }
}

/// A row as a prune's filter sees it (D7): parents and inuse are never there, and shared is the record's own (D2).
struct PrunableRow: FilterSubject {
  let row: CacheState.Row
  let unseen: Set<FilterKey>

  func filterValue(_ key: FilterKey) -> String? {
    unseen.contains(key) ? nil : row.ownValue(key, isShared: row.isReferenced)
  }
}

extension CacheState.Row {
  fileprivate func ownValue(_ key: FilterKey, isShared: Bool) -> String? {
    switch key {
    case .id: id.isEmpty ? nil : id
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
