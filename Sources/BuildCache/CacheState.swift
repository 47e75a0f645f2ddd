/// What a cache holds at one moment, as a value: the rows of disk usage (C) and the graph between them.
///
/// Rows are numbered `0..<rows.count`; parents and children are ranges of two flat arrays, so that a million
/// records are planned and scrolled without a dictionary look-up an edge.
/// Make one with ``Builder``; afterwards it doesn't change.
public struct CacheState: Sendable {
  /// One record as a listing shows it.
  public struct Row: Sendable, Equatable {
    /// The record's id.
    public var id: RecordID
    /// Its kind; absent where the source can't tell.
    public var kind: RecordKind?
    /// Whether it can still be written.
    public var isMutable: Bool
    /// Bytes, as C3 measures them; never negative.
    public var size: Int64
    /// Whether the size was worked out; where not it is 0 (G4).
    public var hasKnownSize = true
    /// Whether only its blob's description is here.
    public var isLazy = false
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was last let go by someone who used it; absent where never.
    public var lastUsedAt: Timestamp?
    /// How often it was used.
    public var usageCount: Int
    /// What it is, in its maker's words: any text.
    public var description: String
    /// What it was made for.
    public var recordType: RecordType
    /// Refs on the record that no row holds as a parent. None: only its children keep it.
    public var outsideRefs: Int
    /// Whether something outside uses this very record (D2); `isShared` spreads it to ancestors (C4).
    public var isReferenced: Bool
    /// Whether a ref of its own or of a descendant is held (C2). Set by ``Builder/finish()``.
    public internal(set) var inUse = false
    /// Whether something outside uses it or a descendant (C4). Set by ``Builder/finish()``.
    public internal(set) var isShared = false

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
      self.usageCount = usageCount
      self.description = description
      self.recordType = recordType
      self.outsideRefs = outsideRefs
      self.isReferenced = isReferenced
    }
  }

  /// The rows, in the order in which they were added.
  public internal(set) var rows: [Row]
  /// Ids of parents that are named but not listed, as in a list that was filtered.
  private let absentParents: [RecordID]
  /// For each row its parents; numbers from `rows.count` on are absent parents.
  private let parentEdges: EdgeList
  private let childEdges: EdgeList
  private let indexByID: [RecordID: Int32]

  /// An empty cache.
  public static let empty = Builder().finish()

  /// The number of the row with this id. O(1).
  public func index(of id: RecordID) -> Int? {
    indexByID[id].map { Int($0) }
  }

  /// The listed parents of a row in the order of C5; one may stand twice.
  public func parents(of row: Int) -> [Int] {
    parentEdges[row].compactMap { $0 < rows.count ? Int($0) : nil }
  }

  /// Calls `body` with each of ``parents(of:)``, without making a list of them.
  func forEachParent(of row: Int, _ body: (Int) -> Void) {
    for parent in parentEdges[row] where parent < rows.count { body(Int(parent)) }
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
    parentEdges[row].map { $0 < rows.count ? rows[Int($0)].id : absentParents[Int($0) - rows.count] }
  }

  /// Everything that stands on a row, directly or not, each once, the row itself left out.
  ///
  /// - Complexity: O(descendants and their edges).
  public func descendants(of row: Int) -> Set<Int> {
    closure(of: row) { children(of: $0) }
  }

  /// Everything that a row stands on, directly or not, each once, the row itself left out.
  ///
  /// - Complexity: O(ancestors and their edges).
  public func ancestors(of row: Int) -> Set<Int> {
    closure(of: row) { parents(of: $0) }
  }

  private func closure(of row: Int, _ next: (Int) -> [Int]) -> Set<Int> {
    var found: Set<Int> = []
    var open = next(row)
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

  /// All rows, each after all that stands on it.
  private func childrenFirst() -> [Int] {
    var standing = rows.indices.map { childCount(of: $0) }
    var order = rows.indices.filter { standing[$0] == 0 }
    order.reserveCapacity(rows.count)
    var next = 0
    while next < order.count {
      for parent in parents(of: order[next]) {
        standing[parent] -= 1
        if standing[parent] == 0 { order.append(parent) }
      }
      next += 1
    }
    return order
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
    if let row = index(of: prefix) { return row }
    let id = try Self.resolve(prefix, among: rows.lazy.map(\.id))
    guard let row = index(of: id) else { throw CacheError(.notFound, "no record \(prefix)") }
    return row
  }

  static func resolve(_ prefix: String, among ids: some Sequence<RecordID>) throws -> RecordID {
    let matches = prefix.isEmpty ? [] : ids.filter { $0.hasPrefix(prefix) }.sorted()
    guard let first = matches.first else { throw CacheError(.notFound, "no record \(prefix)") }
    guard matches.count == 1 else {
      let names = matches.prefix(3).joined(separator: ", ")
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
    var builder = Builder()
    for number in rows.indices where isKept(rows[number], number) {
      builder.add(rows[number], parents: parentIDs(of: number))
    }
    return builder.finish()
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
    private var parentStart: [Int32] = [0]
    private var parentIDs: [RecordID] = []

    /// Makes an empty builder.
    public init() {}

    /// Adds a row; ids must differ, parents may come later or never.
    public mutating func add(_ row: Row, parents: some Sequence<RecordID>) {
      rows.append(row)
      parentIDs.append(contentsOf: parents)
      parentStart.append(Int32(parentIDs.count))
    }

    /// Joins the rows, and works out what is in use (C2) and shared (C4).
    ///
    /// - Complexity: O(rows and edges).
    public consuming func finish() -> CacheState {
      var index: [RecordID: Int32] = Dictionary(minimumCapacity: rows.count)
      for (number, row) in rows.enumerated() { index[row.id] = Int32(number) }
      var absent: [RecordID] = []
      let count = rows.count
      let edges = parentIDs.map { id -> Int32 in
        if let number = index[id] { return number }
        absent.append(id)
        return Int32(count + absent.count - 1)
      }
      let parents = EdgeList(start: parentStart, ends: edges)
      let children = parents.reversed(count: count)

      spread(\.inUse, from: { $0.outsideRefs > 0 }, over: parents)
      spread(\.isShared, from: { $0.isReferenced }, over: parents)
      return CacheState(
        rows: rows, absentParents: absent, parentEdges: parents, childEdges: children, indexByID: index)
    }

    /// Marks the rows that `starts` picks, and all their ancestors.
    private mutating func spread(_ mark: WritableKeyPath<Row, Bool>, from starts: (Row) -> Bool, over parents: EdgeList)
    {
      var open: [Int] = []
      for number in rows.indices where starts(rows[number]) {
        rows[number][keyPath: mark] = true
        open.append(number)
      }
      while let top = open.popLast() {
        for parent in parents[top] where parent < rows.count && !rows[Int(parent)][keyPath: mark] {
          rows[Int(parent)][keyPath: mark] = true
          open.append(Int(parent))
        }
      }
    }
  }
}

/// For each of a number of nodes a run of other nodes, all runs in one array.
private struct EdgeList: Sendable {
  /// Where each node's run begins, and after the last where it ends.
  let start: [Int32]
  let ends: [Int32]

  subscript(node: Int) -> ArraySlice<Int32> {
    ends[Int(start[node])..<Int(start[node + 1])]
  }

  /// The same edges seen from their ends, those beyond `count` left out; runs keep the order of the nodes.
  func reversed(count: Int) -> EdgeList {
    var begin = [Int32](repeating: 0, count: count + 1)
    for end in ends where end < count { begin[Int(end) + 1] += 1 }
    for node in 0..<count { begin[node + 1] += begin[node] }
    var next = begin
    var back = [Int32](repeating: 0, count: Int(begin[count]))
    for node in 0..<count {
      for end in self[node] where end < count {
        back[Int(next[Int(end)])] = Int32(node)
        next[Int(end)] += 1
      }
    }
    return EdgeList(start: begin, ends: back)
  }
}
