import BuildCache
import CacheReport

/// What a saved list of disk usage says, whichever program wrote it; see ``ListOrigin``.
struct SavedDiskUsage {
  /// The records.
  let state: CacheState
  /// What the list lacks, in sentences.
  let notes: [String]
  /// Why no prune can be planned on it; absent where one can.
  let planRefusal: String?
  /// Whether its sizes are exact, not rounded.
  let isExact: Bool
  /// Whether it tells which records are mutable.
  let tellsMutable: Bool

  /// Reads a list.
  ///
  /// Members that are not known are passed over; a parent that isn't listed is kept by its id.
  ///
  /// - Parameters:
  ///   - name: the file's name, for messages.
  ///   - written: when the list was written: ages in words are counted back from then.
  ///   - endsWithTask: whether it is given up where the task is cancelled.
  ///   - size: how many bytes there are, where it is known.
  ///   - source: gives the bytes in portions until it gives none.
  /// - Throws: ``CacheError`` `badList` naming the file, and the row or line; `CancellationError`; what `source` throws.
  /// - Complexity: O(bytes); of the bytes only a portion is held at a time.
  init(
    name: String, written: Timestamp, endsWithTask: Bool = true, size: Int = 0,
    _ source: @escaping () throws -> [UInt8]?
  ) throws {
    var list = ListedState()
    var check = CancellationCheck()
    var given = 0
    let counted = {
      let portion = try source()
      given += portion?.count ?? 0
      return portion
    }
    let facts = try Self.rows(name: name, written: written, counted) { row in
      if endsWithTask { try check.pass() }
      if list.count == Self.sample, given > OpenFile.portion, given < size {
        // As many more as these promise: room that grows by doubling would be had twice for a while.
        list.reserve(min(Self.mostReserved, size / ((given - OpenFile.portion) / Self.sample + 1)))
      }
      let id = row.id
      if let other = list.add(row) {
        throw CacheError(.badList, "\(name): rows \(other + 1) and \(list.count + 1) have the same id \(id)")
      }
      if list.isFull { throw CacheError(.badList, "\(name) has more records and parents than can be numbered") }
    }
    notes = facts.notes
    planRefusal = facts.planRefusal
    isExact = facts.roundingStep == 1
    tellsMutable = facts.origin != .engine && facts.origin != .docker
    state = list.finish()
    if let row = state.rowInCircle {
      throw CacheError(.badList, "\(name): the parents of row \(row + 1) (\(state.rows[row].id)) go in a circle")
    }
  }

  /// The rows after which it is known about how many there are.
  private static let sample = 20_000
  /// A file may say that it is larger than it is.
  private static let mostReserved = 2_000_000

  /// Reads a list that is there as a whole.
  init(_ bytes: [UInt8], name: String, written: Timestamp = Timestamp(nanoseconds: 0)) throws {
    var rest: [UInt8]? = bytes
    try self.init(name: name, written: written) {
      defer { rest = nil }
      return rest
    }
  }

  /// Reads row by row, as they come.
  static func rows(
    name: String, written: Timestamp, _ source: @escaping () throws -> [UInt8]?, _ add: (UsageRow) throws -> Void
  ) throws -> ListFacts {
    var bytes = ListBytes(source)
    var first = try bytes.next() ?? []
    // The first word tells, which a pipe may give in pieces.
    while first.drop(while: isSpace).count < 4, let more = try bytes.next() { first += more }
    guard let start = first.first(where: { !isSpace($0) }) else {
      throw CacheError(
        .badList, "\(name) is empty, and an empty cache's list is not: \(ListOrigin.unknown.advice)")
    }
    var begun: [UInt8]? = first
    let all = {
      defer { begun = nil }
      return try begun ?? bytes.next()
    }
    if "[{\"0123456789-".utf8.contains(start) || first.drop(while: isSpace).starts(with: "null".utf8) {
      var list = JSONList(name: name, written: written, all)
      try list.read(add)
      return list.facts
    }
    var lines = ListLines(all)
    while let line = try lines.next() {
      if line.allSatisfy(\.isWhitespace) { continue }
      guard VerboseList.begins(with: Substring(line)) else {
        throw CacheError(.badList, "\(name) \(try ForeignText.words(for: line) { try lines.next() })")
      }
      var list = VerboseList(name: name, written: written)
      var firstLine: String? = line
      try list.read(
        {
          defer { firstLine = nil }
          return try firstLine ?? lines.next()
        }, add)
      return list.facts
    }
    return ListFacts()
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x9...0xd).contains(byte) }

  /// The largest of the rows that can be read at once from a list's beginning, and from its end, where that is at hand:
  /// most lists are in order of size, from either end.
  ///
  /// - Parameters:
  ///   - count: at most so many.
  ///   - beginning: its first bytes.
  ///   - end: its last bytes, without the first.
  /// - Returns: rows without parents, the largest first; nothing where none can be read so.
  static func largest(_ count: Int, of beginning: [UInt8], _ end: [UInt8]) -> CacheState? {
    var rows: [UsageRow] = []
    var ids: Set<RecordID> = []
    func collect(_ bytes: [UInt8]) {
      var rest: [UInt8]? = bytes
      // What is cut off ends it: the rows before that are whole.
      _ = try? Self.rows(
        name: "", written: Timestamp(nanoseconds: 0),
        {
          defer { rest = nil }
          return rest
        }, { if ids.insert($0.id).inserted { rows.append($0) } })
    }
    collect(beginning)
    let found = rows.count
    guard found > 0 else { return nil }
    var place = 0
    for _ in 0..<mostBeginnings where rows.count == found {
      guard let list = wholeRows(of: end, from: &place) else { break }
      collect(list)
    }
    rows.sort { (-$0.size, $0.id) < (-$1.size, $1.id) }
    var list = ListedState()
    for var row in rows.prefix(count) {
      (row.parents, row.inUse, row.isShared) = ([], false, false)
      _ = list.add(row)
    }
    return list.finish()
  }

  /// How often a row's beginning is looked for that may be in the middle of a text.
  private static let mostBeginnings = 100

  /// What follows the next end of a row, as a list that begins there.
  ///
  /// Within a text a quote would be escaped, so that what looks like a row's beginning is one, or no JSON follows.
  private static func wholeRows(of bytes: [UInt8], from place: inout Int) -> [UInt8]? {
    while let end = bytes[place...].firstIndex(of: UInt8(ascii: "}")) {
      place = end + 1
      let between = bytes[(end + 1)...].prefix { isSpace($0) || $0 == UInt8(ascii: ",") }
      let start = between.endIndex
      let next = bytes[start...].dropFirst().drop(while: isSpace).first
      if start < bytes.count, bytes[start] == UInt8(ascii: "{"), next == UInt8(ascii: "\"") {
        return (between.contains(UInt8(ascii: ",")) ? Array("[".utf8) : []) + bytes[start...]
      }
    }
    return nil
  }
}
