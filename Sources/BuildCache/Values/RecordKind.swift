/// What a record is, told by its parents.
public enum RecordKind: String, Sendable, CaseIterable {
  /// A tree with no parent.
  case base
  /// A tree over one layer parent.
  case layer
  /// Two or more trees applied in order.
  case merge
  /// What changed from a lower tree to an upper one.
  case diff
}

/// The parents of a record by id, as stored.
public enum ParentIDs: Hashable, Sendable {
  /// No parent.
  case none
  /// One layer parent.
  case layer(RecordID)
  /// Merge parents, lowest first; one may stand twice.
  case merge([RecordID])
  /// A diff's two sides, either of which may be absent.
  case diff(lower: RecordID?, upper: RecordID?)

  /// The kind that these parents make.
  public var kind: RecordKind {
    switch self {
    case .none: .base
    case .layer: .layer
    case .merge: .merge
    case .diff: .diff
    }
  }

  /// All of them in the order of C5: a diff's lower before its upper, absent ones left out.
  public var all: [RecordID] {
    var ids: [RecordID] = []
    forEach { ids.append($0) }
    return ids
  }

  /// How many they are.
  package var count: Int {
    switch self {
    case .none: 0
    case .layer: 1
    case .merge(let ids): ids.count
    case .diff(let lower, let upper): (lower == nil ? 0 : 1) + (upper == nil ? 0 : 1)
    }
  }

  /// The same one by one.
  package func forEach(_ body: (RecordID) -> Void) {
    switch self {
    case .none: break
    case .layer(let id): body(id)
    case .merge(let ids): ids.forEach(body)
    case .diff(let lower, let upper):
      if let lower { body(lower) }
      if let upper { body(upper) }
    }
  }
}
