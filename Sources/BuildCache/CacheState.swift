import Synchronization

/// What a cache holds at one moment, as a value: the rows of disk usage (C) and the graph between them.
///
/// Rows are numbered `0..<rows.count`; parents and children are ranges of two flat arrays, so that a million
/// records are planned and scrolled without a dictionary look-up an edge.
/// Make one with ``Builder``; afterwards it doesn't change.
public struct CacheState: Sendable, Equatable {
  /// One record as a listing shows it.
  public struct Row: Sendable, Equatable {
    // The small fields stand together: of 100,000 rows others would hold 2 MB of gaps.

    /// The record's id.
    public var id: RecordID
    /// Bytes, as C3 measures them; never negative.
    public var size: Int64
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was last let go by someone who used it; absent where never.
    public var lastUsedAt: Timestamp?
    /// Its kind; absent where the source can't tell.
    public var kind: RecordKind?
    /// Whether it can still be written.
    public var isMutable: Bool
    /// Whether the size was worked out; where not it is 0 (G4).
    public var hasKnownSize = true
    /// Whether only its blob's description is here.
    public var isLazy = false
    /// Whether a daemon that measures it counts a use of it (G13).
    public var isMeasuredByUse = false
    /// Whether something outside uses this very record (D2); `isShared` spreads it to ancestors (C4).
    public var isReferenced: Bool
    /// Whether a ref of its own or of a descendant is held (C2). Set by ``Builder/finish()``.
    public internal(set) var inUse = false
    /// Whether something outside uses it or a descendant (C4). Set by ``Builder/finish()``.
    public internal(set) var isShared = false
    /// How often it was used; never negative, and at most ``mostUses``.
    public var usageCount: Int
    /// What it is, in its maker's words: any text.
    public var description: String
    /// What it was made for.
    public var recordType: RecordType
    /// Refs on the record that no row holds as a parent. None: only its children keep it.
    public var outsideRefs: Int

    /// More uses are not told apart: a plan counts some more, and has room for them.
    public static let mostUses = Int.max / 2

    /// Makes a row; what depends on other rows is worked out by ``Builder/finish()``.
    public init(
      id: RecordID, kind: RecordKind?, isMutable: Bool = false, size: Int64, createdAt: Timestamp,
      lastUsedAt: Timestamp? = nil, usageCount: Int = 0, description: String = "",
      recordType: RecordType = .regular, outsideRefs: Int = 0, isReferenced: Bool = false
    ) {
      self.id = id
      self.kind = kind
      self.isMutable = isMutable
      self.size = max(0, size)
      self.createdAt = createdAt
      self.lastUsedAt = lastUsedAt
      self.usageCount = min(max(0, usageCount), Self.mostUses)
      self.description = description
      self.recordType = recordType
      self.outsideRefs = outsideRefs
      self.isReferenced = isReferenced
    }

    /// Makes the row of a stored record.
    package init(
      _ metadata: RecordMetadata, kind: RecordKind, size: Int64, outsideRefs: Int = 0, isReferenced: Bool = false
    ) {
      self.init(
        id: metadata.id, kind: kind, isMutable: !metadata.isCommitted, size: size, createdAt: metadata.createdAt,
        lastUsedAt: metadata.lastUsedAt, usageCount: metadata.usageCount, description: metadata.description,
        recordType: metadata.recordType, outsideRefs: outsideRefs, isReferenced: isReferenced)
    }
  }

  /// The rows, in the order in which they were added.
  public internal(set) var rows: [Row]
  /// Ids of parents that are named but not listed, as in a list that was filtered.
  private let absentParents: [RecordID]
  /// For each row its parents; numbers from `rows.count` on are absent parents.
  private let parentEdges: EdgeList
  private let childEdges: EdgeList
  private let numbers: RowNumbers

  /// An empty cache.
  public static let empty = Builder().finish()

  /// Joins rows by the numbers of their parents, and works out what is in use (C2) and shared (C4).
  ///
  /// - Parameters:
  ///   - rows: the rows.
  ///   - parents: for each row its parents; numbers from `rows.count` on are absent parents.
  ///   - absentParents: their ids.
  ///   - numbers: the numbers of ids where they are known.
  /// - Complexity: O(rows and edges).
  package init(
    rows: consuming [Row], parents: EdgeList, absentParents: [RecordID], numbers: [RecordID: Int32]? = nil
  ) {
    self.rows = consume rows
    self.absentParents = absentParents
    parentEdges = parents
    childEdges = parents.reversed(count: self.rows.count)
    self.numbers = RowNumbers(numbers)
    spread(\.inUse, from: self.rows.indices.filter { self.rows[$0].outsideRefs > 0 })
    spread(\.isShared, from: self.rows.indices.filter { self.rows[$0].isReferenced })
  }

  /// Marks rows, and all their ancestors.
  private mutating func spread(_ mark: WritableKeyPath<Row, Bool>, from starts: [Int]) {
    var open: [Int] = []
    for number in starts {
      rows[number][keyPath: mark] = true
      open.append(number)
    }
    while let top = open.popLast() {
      for parent in parentEdges[top] where parent < rows.count && !rows[Int(parent)][keyPath: mark] {
        rows[Int(parent)][keyPath: mark] = true
        open.append(Int(parent))
      }
    }
  }

  /// Whether two caches hold the same, in the same order.
  ///
  /// - Complexity: O(rows and edges).
  public static func == (a: CacheState, b: CacheState) -> Bool {
    a.rows == b.rows && a.parentEdges == b.parentEdges && a.absentParents == b.absentParents
  }

  /// The number of the row with this id.
  ///
  /// - Complexity: O(1), but O(rows) where it is the first that is asked for.
  public func index(of id: RecordID) -> Int? {
    numbers[id, in: rows].map { Int($0) }
  }

  /// The listed parents of a row in the order of C5; one may stand twice.
  public func parents(of row: Int) -> [Int] {
    parentEdges[row].compactMap { $0 < rows.count ? Int($0) : nil }
  }

  /// Calls `body` with each of ``parents(of:)``, without making a list of them.
  package func forEachParent(of row: Int, _ body: (Int) -> Void) {
    for parent in parentEdges[row] where parent < rows.count { body(Int(parent)) }
  }

  /// Calls `body` with each of ``children(of:)``, without making a list of them.
  package func forEachChild(of row: Int, _ body: (Int) -> Void) {
    for child in childEdges[row] { body(Int(child)) }
  }

  /// The rows that stand directly on a row; one stands twice if it names the row twice.
  public func children(of row: Int) -> [Int] {
    childEdges[row].map { Int($0) }
  }

  /// The number of children of a row, one that names it twice counted twice. O(1).
  public func childCount(of row: Int) -> Int {
    childEdges[row].count
  }

  /// The ids of all parents of a row, listed or not, in the order of C5.
  public func parentIDs(of row: Int) -> [RecordID] {
    parentEdges[row].map { id(ofParent: $0) }
  }

  private func id(ofParent number: Int32) -> RecordID {
    number < rows.count ? rows[Int(number)].id : absentParents[Int(number) - rows.count]
  }

  /// Everything that stands on a row, directly or not, each once, the row itself left out.
  ///
  /// - Complexity: O(descendants and their edges).
  public func descendants(of row: Int) -> Set<Int> { descendants(of: [row]) }

  /// Everything that stands on one of several rows, directly or not, each once; a row itself where it stands on another.
  ///
  /// - Complexity: O(descendants and their edges).
  public func descendants(of rows: [Int]) -> Set<Int> {
    closure(of: rows) { children(of: $0) }
  }

  /// Everything that a row stands on, directly or not, each once, the row itself left out.
  ///
  /// - Complexity: O(ancestors and their edges).
  public func ancestors(of row: Int) -> Set<Int> {
    closure(of: [row]) { parents(of: $0) }
  }

  private func closure(of rows: [Int], _ next: (Int) -> [Int]) -> Set<Int> {
    var found: Set<Int> = []
    var open = rows.flatMap(next)
    while let top = open.popLast() {
      if found.insert(top).inserted { open += next(top) }
    }
    return found
  }

  /// The bytes of a row with all that hangs on it: what goes where it is pruned.
  public func sizeWithDescendants(of row: Int) -> Int64 {
    descendants(of: row).reduce(rows[row].size) { $0.addingSaturating(rows[$1].size) }
  }

  /// For every row what ``sizeWithDescendants(of:)`` answers.
  ///
  /// - Complexity: O(rows and edges) where nothing has two parents; the rows below something that has are walked one by
  ///   one.
  public func sizesWithDescendants() -> [Int64] {
    var sizes = rows.map(\.size)
    // A row on two paths from one below would be counted twice.
    var mayMeet = [Bool](repeating: false, count: rows.count)
    var seen = [Int32](repeating: -1, count: rows.count)
    for row in childrenFirst() {
      if !mayMeet[row] {
        for child in children(of: row) { sizes[row] = sizes[row].addingSaturating(sizes[child]) }
      } else {
        var open = children(of: row)
        while let top = open.popLast() {
          guard seen[top] != Int32(row) else { continue }
          seen[top] = Int32(row)
          sizes[row] = sizes[row].addingSaturating(rows[top].size)
          open += children(of: top)
        }
      }
      let above = parents(of: row)
      for parent in above where above.count > 1 || mayMeet[row] { mayMeet[parent] = true }
    }
    return sizes
  }

  /// All rows but those of circles, each after all that stands on it.
  ///
  /// - Complexity: O(rows and edges).
  package func childrenFirst() -> [Int] {
    var standing = rows.indices.map { childCount(of: $0) }
    var order = rows.indices.filter { standing[$0] == 0 }
    order.reserveCapacity(rows.count)
    var next = 0
    while next < order.count {
      forEachParent(of: order[next]) { parent in
        standing[parent] -= 1
        if standing[parent] == 0 { order.append(parent) }
      }
      next += 1
    }
    return order
  }

  /// A row that stands on itself by way of others; there is none in what a manager made.
  ///
  /// - Complexity: O(rows and edges).
  package var rowInCircle: Int? {
    var isOut = [Bool](repeating: false, count: rows.count)
    for row in childrenFirst() { isOut[row] = true }
    guard var row = isOut.firstIndex(of: false) else { return nil }
    // Upwards from what a circle holds: after as many steps as there are rows one is in it.
    for _ in rows.indices { row = children(of: row).first { !isOut[$0] } ?? row }
    return row
  }

  /// The bytes of a row with all that it stands on: what it takes to have it.
  public func sizeWithAncestors(of row: Int) -> Int64 {
    ancestors(of: row).reduce(rows[row].size) { $0.addingSaturating(rows[$1].size) }
  }

  /// The number of the one row whose id begins with `prefix`.
  ///
  /// - Throws: ``CacheError`` `notFound` where there is none, `invalid` where there are several; the message names
  ///   some of them.
  /// - Complexity: O(rows), O(1) for a whole id.
  public func resolve(_ prefix: String) throws -> Int {
    if let row = index(of: RecordID(prefix)) { return row }
    let id = try Self.resolve(prefix, among: rows.lazy.map(\.id))
    guard let row = index(of: id) else { throw CacheError(.notFound, "no record \(prefix)") }
    return row
  }

  package static func resolve(_ prefix: String, among ids: some Sequence<RecordID>) throws -> RecordID {
    let matches = prefix.isEmpty ? [] : ids.filter { $0.text.hasPrefix(prefix) }.sorted()
    if let first = matches.first, first.text == prefix { return first }
    guard let first = matches.first else { throw CacheError(.notFound, "no record \(prefix)") }
    guard matches.count == 1 else {
      let names = matches.prefix(3).map(\.text).joined(separator: ", ")
      throw CacheError(.invalid, "\(matches.count) records begin with \(prefix): \(names); give more of the id")
    }
    return first
  }

  /// D4's total: the sizes of all rows that are not shared, in use or not.
  public var total: Int64 {
    rows.reduce(0) { $1.isShared ? $0 : $0.addingSaturating($1.size) }
  }
}

extension CacheState {
  /// The rows that `isKept` picks, still with what was in use and shared among all of them.
  ///
  /// - Complexity: O(rows and edges).
  public func keeping(where isKept: (_ row: Row, _ number: Int) -> Bool) -> CacheState {
    let kept = rows.indices.filter { isKept(rows[$0], $0) }
    var newNumber = [Int32](repeating: -1, count: rows.count)
    for (number, row) in kept.enumerated() { newNumber[row] = Int32(number) }
    var parents = EdgeList()
    var absent: [RecordID] = []
    for row in kept {
      for parent in parentEdges[row] {
        if parent < rows.count, newNumber[Int(parent)] >= 0 {
          parents.add(newNumber[Int(parent)])
        } else {
          parents.add(Int32(kept.count + absent.count))
          absent.append(id(ofParent: parent))
        }
      }
      parents.endNode()
    }
    return CacheState(rows: kept.map { rows[$0] }, parents: parents, absentParents: absent)
  }

  /// The rows that match a filter (C6).
  ///
  /// - Parameter now: from when the filter counts ages.
  public func keeping(matching filter: Filter, now: Timestamp) -> CacheState {
    guard filter != .all else { return self }
    let matching = matches(filter, now: now)
    return keeping { _, number in matching[number] }
  }

  /// For each row whether it matches a filter (C6).
  ///
  /// - Parameter now: from when the filter counts ages.
  public func matches(_ filter: Filter, now: Timestamp) -> [Bool] {
    let needsParents = filter.keys.contains(FilterKey.parents.rawValue)
    return rows.indices.map { number in
      let parents = needsParents ? parentIDs(of: number) : []
      return filter.matches(ListedRow(row: rows[number], parents: parents, now: now))
    }
  }

  /// Collects rows with their parents' ids and joins them into a state.
  public struct Builder {
    private var rows: [Row] = []
    private var parents = EdgeList()
    private var parentIDs: [RecordID] = []

    /// Makes an empty builder.
    public init() {}

    /// Adds a row; ids must differ, parents may come later or never.
    public mutating func add(_ row: Row, parents ids: some Sequence<RecordID>) {
      rows.append(row)
      for id in ids {
        parents.add(Int32(parentIDs.count))
        parentIDs.append(id)
      }
      parents.endNode()
    }

    /// Joins the rows, and works out what is in use (C2) and shared (C4).
    ///
    /// - Complexity: O(rows and edges).
    public consuming func finish() -> CacheState {
      let numbers = RowNumbers.numbers(of: rows)
      var absent: [RecordID] = []
      parents.replaceEnds { place in
        let id = parentIDs[Int(place)]
        if let number = numbers[id] { return number }
        absent.append(id)
        return Int32(rows.count + absent.count - 1)
      }
      return CacheState(rows: rows, parents: parents, absentParents: absent, numbers: numbers)
    }
  }
}

/// Finds rows by id; made when the first is looked for, as most states are only gone through.
private final class RowNumbers: Sendable {
  private let known: Guarded<[RecordID: Int32]?>

  init(_ known: [RecordID: Int32]?) { self.known = Guarded(known) }

  subscript(id: RecordID, in rows: [CacheState.Row]) -> Int32? {
    known.withLock { known in
      if let known { return known[id] }
      let numbers = Self.numbers(of: rows)
      known = numbers
      return numbers[id]
    }
  }

  static func numbers(of rows: [CacheState.Row]) -> [RecordID: Int32] {
    var numbers: [RecordID: Int32] = Dictionary(minimumCapacity: rows.count)
    for (number, row) in rows.enumerated() { numbers[row.id] = Int32(number) }
    return numbers
  }
}
