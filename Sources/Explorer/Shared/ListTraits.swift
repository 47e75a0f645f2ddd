import BuildCache
import CacheReport

/// What the rows of a list have alike, and how wide their cells are: columns are chosen by that. Made aside, with the
/// list, as it takes a look at every row.
struct ListTraits: Sendable, Equatable {
  /// A cell of all rows.
  private enum Cell<Value: Equatable & Sendable>: Sendable, Equatable {
    case none
    case all(Value)
    case mixed

    mutating func add(_ value: Value) {
      switch self {
      case .none: self = .all(value)
      case .all(let other): if other != value { self = .mixed }
      case .mixed: break
      }
    }
  }

  /// How many rows there are.
  private(set) var count = 0
  /// The letters of the widest type.
  private(set) var widestType = 0
  /// The most uses.
  private(set) var mostUses = 0
  private var kind = Cell<RecordKind?>.none
  private var type = Cell<RecordType>.none
  private var uses = Cell<Int>.none
  private var flags = Cell<RecordFlags>.none
  private var created: ClosedRange<Timestamp>?
  private var used: ClosedRange<Timestamp>?
  private var neverUsed = 0

  /// Looks at rows.
  ///
  /// - Complexity: O(rows).
  init(_ rows: some Sequence<CacheState.Row>) {
    var lastType: RecordType?
    for row in rows {
      count += 1
      kind.add(row.kind)
      uses.add(row.usageCount)
      mostUses = max(mostUses, row.usageCount)
      flags.add(RecordFlags(row))
      // Neighbours are mostly of one type.
      if row.recordType != lastType {
        lastType = row.recordType
        type.add(row.recordType)
        widestType = max(widestType, row.recordType.rawValue.count)
      }
      created = created.widened(to: row.createdAt)
      if let time = row.lastUsedAt { used = used.widened(to: time) } else { neverUsed += 1 }
    }
  }

  /// The columns whose cells all say the same, and that in words; a list of one row has none, as its cells say how it is.
  ///
  /// - Parameter now: from when ages are counted.
  func alike(now: Timestamp) -> [(column: RecordColumn, words: String)] {
    guard count > 1 else { return [] }
    var alike: [(RecordColumn, String)] = []
    if case .all(let type) = type { alike.append((.type, "all \(type.rawValue)")) }
    if case .all(let kind) = kind {
      alike.append((.kind, kind.map { "all \($0.rawValue)" } ?? "kind unknown"))
    }
    if case .all(let flags) = flags {
      let words = RecordFlags.each.filter { flags.contains($0.flag) }.map(\.words)
      alike.append((.flags, words.isEmpty ? "no flags" : "all " + words.joined(separator: ", ")))
    }
    if case .all(let uses) = uses {
      alike.append((.uses, uses == 0 ? "no uses" : "all with \(uses == 1 ? "1 use" : "\(uses) uses")"))
    }
    if neverUsed == count {
      alike.append((.used, "never used"))
    } else if neverUsed == 0, let used, let ago = ago(used, now) {
      alike.append((.used, "all used \(ago)"))
    }
    if let created, let ago = ago(created, now) {
      alike.append((.created, "all made \(ago)"))
    }
    return alike
  }

  /// How long ago times are, where cells show the same for all.
  private func ago(_ times: ClosedRange<Timestamp>, _ now: Timestamp) -> String? {
    let words = now.since(times.lowerBound).agoText
    return now.since(times.upperBound).agoText == words ? words : nil
  }
}

extension ClosedRange<Timestamp>? {
  fileprivate func widened(to time: Timestamp) -> ClosedRange<Timestamp> {
    map { Swift.min($0.lowerBound, time)...Swift.max($0.upperBound, time) } ?? time...time
  }
}

/// What may hold for a record, each with a letter.
struct RecordFlags: OptionSet, Sendable {
  let rawValue: UInt8

  static let inUse = RecordFlags(rawValue: 1)
  static let shared = RecordFlags(rawValue: 2)
  static let mutable = RecordFlags(rawValue: 4)
  static let lazy = RecordFlags(rawValue: 8)
  static let `internal` = RecordFlags(rawValue: 16)

  /// In the order in which they are shown, each with its letter and what that stands for.
  static let each: [(flag: RecordFlags, letter: String, words: String)] = [
    (.inUse, "U", "in use"), (.shared, "S", "shared"), (.mutable, "M", "mutable"), (.lazy, "L", "lazy"),
    (.internal, "I", "internal"),
  ]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ row: CacheState.Row) {
    self = []
    if row.inUse { insert(.inUse) }
    if row.isShared { insert(.shared) }
    if row.isMutable { insert(.mutable) }
    if row.isLazy { insert(.lazy) }
    if row.recordType.isKeptUnlessAll { insert(.internal) }
  }
}
