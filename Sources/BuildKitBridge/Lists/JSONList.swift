import BuildCache
import CacheReport

/// Reads a list of disk usage from JSON: lists of rows, rows one after another, null, or an answer of the Docker Engine or
/// its client that has rows inside.
struct JSONList {
  private let name: String
  private let written: Timestamp
  private var json: JSONReader
  private var names = ListMember.names
  private(set) var facts = ListFacts()
  private var count = 0
  /// The row of a list that is being read; absent among rows that stand for themselves.
  private var rowOfList: Int?

  /// Begins to read.
  ///
  /// - Parameters:
  ///   - name: the file's name, for messages.
  ///   - written: when the list was written: ages are counted back from then.
  ///   - source: gives portions of the text until it gives none.
  init(name: String, written: Timestamp, _ source: @escaping () throws -> [UInt8]?) {
    self.name = name
    self.written = written
    json = JSONReader(source)
  }

  /// Reads to the end.
  ///
  /// - Parameter add: takes a row.
  /// - Throws: ``CacheError`` `badList` naming the file, and the row or the line; what `add` and the source throw.
  mutating func read(_ add: (UsageRow) throws -> Void) throws {
    do {
      while let next = try json.peek() {
        try json.mark()
        rowOfList = nil
        switch next {
        case UInt8(ascii: "["): try readRows(add)
        case UInt8(ascii: "n"): _ = try json.skipNull()
        case UInt8(ascii: "{"):
          if let row = try readObject(isTop: true, add) { try take(row, add) }
        default:
          try json.skip()
          throw refusal("the row is of the wrong kind")
        }
      }
    } catch let problem as JSONReader.Problem {
      switch problem {
      case .noJSON: throw refusal("this is no JSON")
      case .wrongKind: throw refusal("the row is of the wrong kind")
      case .cutOff: throw refusal("the list is cut off in the middle of it")
      case .tooMuch(let words): throw refusal(words)
      case .unreadable(let error): throw error
      }
    } catch let problem as ListRow.Problem {
      throw refusal("\"\(problem.member)\"\(problem.words.hasPrefix(":") ? "" : " ")\(problem.words)")
    }
  }

  private var place: String { rowOfList.map { "row \($0)" } ?? "line \(json.lineOfMark)" }

  private func refusal(_ words: String) -> CacheError {
    CacheError(.badList, "\(name): \(place): \(words); \(facts.origin.advice)")
  }

  private mutating func take(_ row: consuming UsageRow, _ add: (UsageRow) throws -> Void) throws {
    count += 1
    try add(row)
  }

  /// A list of rows.
  private mutating func readRows(_ add: (UsageRow) throws -> Void) throws {
    try json.begin("[")
    var isFirst = true
    rowOfList = 1
    while try json.nextElement(&isFirst) {
      if let row = try readObject(isTop: false, add) { try take(row, add) }
      rowOfList = (rowOfList ?? 0) + 1
    }
    rowOfList = nil
  }

  /// A row, or a whole answer with rows inside, which are taken.
  private mutating func readObject(isTop: Bool, _ add: (UsageRow) throws -> Void) throws -> UsageRow? {
    try json.begin("{")
    var row = ListRow(written: written)
    var answer = ListAnswer()
    var isFirst = true
    reading: while true {
      switch try json.nextMember(of: &names, &isFirst) {
      case .end: break reading
      case .unknown: try json.skip()
      case .known(let number):
        guard let member = ListMember(rawValue: number) else { break }
        if member.isOfRow {
          try row.read(member, from: &json)
        } else {
          answer.found.insert(member)
          if isTop { try readAnswer(member, &answer, add) } else { try json.skip() }
        }
      }
    }
    if facts.origin == .unknown { facts.origin = row.origin }
    if !row.found.contains(.id), !row.found.contains(.largeID) {
      if let words = answer.refusal { throw CacheError(.badList, "\(name) \(words)") }
      if answer.hasRows { return nil }
    }
    return try row.finished(&facts)
  }

  /// A member of a whole answer.
  private mutating func readAnswer(
    _ member: ListMember, _ answer: inout ListAnswer,
    _ add: (UsageRow) throws -> Void
  ) throws {
    switch member {
    case .buildCache, .items:
      // Newer Engines say the same twice.
      guard answer.rows == 0, try json.peek() == UInt8(ascii: "[") else { return try json.skip() }
      let before = count
      try readRows(add)
      answer.rows = count - before
    case .buildCacheUsage:
      guard try json.peek() == UInt8(ascii: "{") else { return try json.skip() }
      try json.begin("{")
      var isFirst = true
      while true {
        switch try json.nextMember(of: &names, &isFirst) {
        case .end: return
        case .known(ListMember.items.rawValue):
          answer.found.insert(.items)
          try readAnswer(.items, &answer, add)
        case .known(ListMember.totalCount.rawValue):
          answer.total = try json.isNumber() ? json.integer() ?? 0 : 0
        case .known, .unknown: try json.skip()
        }
      }
    case .message:
      if try json.peek() == UInt8(ascii: "\"") { answer.message = try json.string() } else { try json.skip() }
    default: try json.skip()
    }
  }
}

/// What an object that is no row turned out to be.
struct ListAnswer {
  var found = ListMembers()
  var message: String?
  var rows = 0
  /// How many records an Engine says there are.
  var total: Int64 = 0

  /// Whether it is an answer that has rows, be it none.
  var hasRows: Bool { found.contains(.buildCache) || found.contains(.buildCacheUsage) }

  /// Why it can't serve, and what to do.
  var refusal: String? {
    let engine = ListOrigin.engine.advice
    if hasRows {
      let isSum = rows == 0 && total > 0 && !found.contains(.items)
      return isSum
        ? "has only the sums of the Docker Engine's build cache, not its records: save "
          + "`curl --unix-socket /var/run/docker.sock 'http://localhost/system/df?verbose=1'`" : nil
    }
    if let message { return "is an error that a Docker Engine answered (\(message)), not a list: \(engine)" }
    if found.contains(.cachesDeleted) { return "is what a Docker Engine's prune removed, not what there is: \(engine)" }
    if found.contains(.images) || found.contains(.builderSize) {
      return "is a Docker Engine's disk usage without its build cache: \(engine)"
    }
    if found.contains(.totalCount) {
      return "is the summary of `docker system df`, which has no records: \(engine)"
    }
    if found.contains(.plan) { return "is a plan of `strata prune`, not a list: save `strata du --format json`" }
    return nil
  }
}
