import BuildCache

/// Joins the rows of a list, which tells what is in use and shared, not through which refs.
///
/// `shared` and `inUse` are told of ancestors too (C2, C4), while a prune asks for the record itself (D2): only such a row
/// on which no other stands is known to be meant itself. So a row is a candidate when it is not in use and no row that is
/// left names it as a parent.
///
/// What is kept of a row is what the state will hold: a list is not held twice.
public struct ListedState: ~Copyable {
  /// What a row says of itself that its state doesn't hold, or not yet.
  private struct Flags: OptionSet {
    let rawValue: UInt8
    static let inUse = Flags(rawValue: 1)
    static let shared = Flags(rawValue: 2)
    static let diff = Flags(rawValue: 4)
  }

  private var rows: [CacheState.Row] = []
  private var flags: [Flags] = []
  /// Ends are names, by the order in which they were first seen.
  private var parents = EdgeList()
  private var parentCount = 0
  private var nameNumbers: [RecordID: Int32] = [:]
  private var names: [RecordID] = []
  /// For each name its row, or a number below 0.
  private var rowOfName: [Int32] = []

  /// Makes an empty list.
  public init() {}

  /// How many rows there are.
  public var count: Int { rows.count }

  /// Adds a row; parents may come later or never.
  ///
  /// - Returns: the number of the row that has the same id, where there is one: then it isn't added.
  public mutating func add(_ row: UsageRow) -> Int? {
    let name = nameNumber(row.id)
    guard rowOfName[name] < 0 else { return Int(rowOfName[name]) }
    rowOfName[name] = Int32(rows.count)
    rows.append(
      CacheState.Row(
        id: names[name], kind: row.kind, isMutable: row.isMutable, size: row.size, createdAt: row.createdAt,
        lastUsedAt: row.lastUsedAt, usageCount: row.usageCount, description: row.description,
        recordType: row.recordType))
    var told: Flags = row.inUse ? .inUse : []
    if row.isShared { told.insert(.shared) }
    if row.isDiff { told.insert(.diff) }
    flags.append(told)
    for parent in row.parents { parents.add(Int32(nameNumber(parent))) }
    parents.endNode()
    parentCount += row.parents.count
    return nil
  }

  /// Whether there are as many rows and parents as can be numbered.
  public var isFull: Bool { rows.count + parentCount >= Int(Int32.max) / 2 }

  /// Makes room for so many rows, where it is known how many come.
  public mutating func reserve(_ count: Int) {
    rows.reserveCapacity(count)
    flags.reserveCapacity(count)
    parents.reserve(count)
    nameNumbers.reserveCapacity(count)
    names.reserveCapacity(count)
    rowOfName.reserveCapacity(count)
  }

  private mutating func nameNumber(_ id: RecordID) -> Int {
    let next = names.count
    let number = Int(nameNumbers.number(of: id, orNew: Int32(next)))
    if number == next {
      names.append(id)
      rowOfName.append(-1)
    }
    return number
  }

  /// Joins the rows.
  ///
  /// - Complexity: O(rows and parents).
  public consuming func finish() -> CacheState {
    let count = rows.count
    var absent: [RecordID] = []
    for name in names.indices where rowOfName[name] < 0 {
      rowOfName[name] = Int32(count + absent.count)
      absent.append(names[name])
    }
    let places = rowOfName
    parents.replaceEnds { places[Int($0)] }
    // Most lists are only gone through: whoever looks for an id has the numbers made.
    nameNumbers = [:]
    (names, rowOfName) = ([], [])
    findWhoIsMeant()
    return CacheState(rows: rows, parents: parents, absentParents: absent)
  }

  private mutating func findWhoIsMeant() {
    var below = [Flags](repeating: [], count: rows.count)
    for row in rows.indices where !flags[row].isDisjoint(with: [.inUse, .shared]) {
      for parent in parents[row] where parent < rows.count {
        below[Int(parent)].formUnion(flags[row].intersection([.inUse, .shared]))
      }
      // A diff has the digest chain of its upper (B7): what shares the one shares the other.
      if flags[row].isSuperset(of: [.shared, .diff]), let upper = parents[row].last, upper < rows.count {
        below[Int(upper)].insert(.diff)
      }
    }
    for row in rows.indices {
      if flags[row].contains(.inUse) && !below[row].contains(.inUse) { rows[row].outsideRefs = 1 }
      let isMeant = !below[row].contains(.shared) || below[row].contains(.diff)
      rows[row].isReferenced = flags[row].contains(.shared) && isMeant
    }
  }
}

extension [RecordID: Int32] {
  /// The number of an id, which is added with another where it isn't there; looked for once.
  fileprivate mutating func number(of id: RecordID, orNew new: Int32) -> Int32 {
    func value(_ number: inout Int32) -> Int32 { number }
    return value(&self[id, default: new])
  }
}

extension UsageRow {
  /// Whether it is known to be a diff with both sides: BuildKit's lists tell it only of those that name their sides.
  fileprivate var isDiff: Bool {
    guard parents.count == 2 else { return false }
    return kind == .diff
      || description.hasPrefix("diff ") && description == "diff \"\(parents[0])\" -> \"\(parents[1])\""
  }
}
