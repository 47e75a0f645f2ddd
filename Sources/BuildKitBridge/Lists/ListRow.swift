import BuildCache
import CacheReport

/// A row of a list while its members are read, whichever program wrote it.
///
/// What clients print for people is read too: sizes in words, ages, flags and numbers as texts.
struct ListRow {
  /// What is wrong with a member: its name, and why.
  struct Problem: Error {
    let member: String
    let words: String
  }

  private(set) var found = ListMembers()
  private var row = UsageRow(id: "", size: 0, createdAt: Timestamp(nanoseconds: 0))
  private var sizeText: String?
  /// The first problem: what the object is may be told by a member that comes later.
  private(set) var problem: Problem?
  private var hasAge = false
  /// Whether its type was told, and is the empty text.
  private var isTypeEmpty: Bool?
  private let written: Timestamp

  /// Begins a row.
  ///
  /// - Parameter written: when the list was written: ages are counted back from then.
  init(written: Timestamp) { self.written = written }

  /// Reads the value of a member.
  mutating func read(_ member: ListMember, from json: inout JSONReader) throws(JSONReader.Problem) {
    found.insert(member)
    do {
      try take(member, from: &json)
    } catch .wrongKind {
      note(member, "is of the wrong kind")
      try json.skip()
    }
  }

  private mutating func note(_ member: ListMember, _ words: String) {
    if problem == nil { problem = Problem(member: member.name, words: words) }
  }

  private mutating func take(_ member: ListMember, from json: inout JSONReader) throws(JSONReader.Problem) {
    switch member {
    case .id, .largeID:
      row.id = RecordID(try json.string())
      if row.id.isEmpty { note(member, ": it is empty") }
    case .kind: row.kind = try json.stringOrNull().flatMap { RecordKind(rawValue: $0) }
    case .mutable: row.isMutable = try json.skipNull() ? false : json.bool()
    case .inUse: row.inUse = try json.skipNull() ? false : json.bool()
    case .shared: row.isShared = try json.skipNull() ? false : json.bool()
    case .largeMutable: row.isMutable = try flag(member, &json)
    case .largeInUse: row.inUse = try flag(member, &json)
    case .largeShared: row.isShared = try flag(member, &json)
    case .reclaimable:
      let isReclaimable = try flag(member, &json)
      if !found.contains(.largeInUse) { row.inUse = !isReclaimable }
    case .size: row.size = try count(member, &json)
    case .largeSize:
      if try json.isNumber() { row.size = try count(member, &json) } else { sizeText = try json.string() }
    case .usageCount: row.usageCount = try json.skipNull() ? 0 : Int(clamping: count(member, &json))
    case .largeUsageCount:
      if try json.skipNull() { break }
      row.usageCount = Int(clamping: try json.isNumber() ? count(member, &json) : countText(member, &json))
    case .createdAt, .largeCreatedAt:
      if try json.skipNull() {
        note(member, "is missing")
      } else {
        row.createdAt = try time(member, &json) ?? row.createdAt
      }
    case .lastUsedAt, .largeLastUsedAt: row.lastUsedAt = try json.skipNull() ? nil : time(member, &json)
    case .parents, .largeParents, .blankParents: try readParents(&json)
    case .parent:
      // The docker client names several in one text.
      let text = try json.stringOrNull() ?? ""
      if !text.isEmpty { row.parents = text.split(separator: ",").map { RecordID(String($0.drop { $0 == " " })) } }
    case .description, .largeDescription: row.description = try json.stringOrNull() ?? ""
    case .recordType, .type, .cacheType:
      let type = try json.stringOrNull() ?? ""
      isTypeEmpty = type.isEmpty
      row.recordType = RecordType(rawValue: type)
    default: try json.skip()
    }
  }

  private mutating func readParents(_ json: inout JSONReader) throws(JSONReader.Problem) {
    if try json.skipNull() { return }
    try json.begin("[")
    var isFirst = true
    var parents: [RecordID] = []
    while try json.nextElement(&isFirst) { parents.append(RecordID(try json.string())) }
    row.parents = parents
  }

  private mutating func flag(_ member: ListMember, _ json: inout JSONReader) throws(JSONReader.Problem) -> Bool {
    if try json.skipNull() { return false }
    guard try json.peek() == UInt8(ascii: "\"") else { return try json.bool() }
    switch try json.string() {
    case "true": return true
    case "false": return false
    case let text:
      note(member, ": \(text) is neither true nor false")
      return false
    }
  }

  private mutating func count(_ member: ListMember, _ json: inout JSONReader) throws(JSONReader.Problem) -> Int64 {
    let count = try json.integer()
    if count == nil { note(member, ": it is no whole number, or larger than \(Int64.max)") }
    if let count, count < 0 { note(member, ": it is negative") }
    return count ?? 0
  }

  private mutating func countText(_ member: ListMember, _ json: inout JSONReader) throws(JSONReader.Problem) -> Int64 {
    let text = try json.string()
    guard let count = Int64(text), count >= 0 else {
      note(member, ": \(text) is no number of uses")
      return 0
    }
    return count
  }

  private mutating func time(_ member: ListMember, _ json: inout JSONReader) throws(JSONReader.Problem) -> Timestamp? {
    var text = ""
    let time = try json.text { bytes in
      let time = ListedTime(bytes)
      if time == nil { text = String(decoding: bytes, as: UTF8.self) }
      return time
    }
    if time == nil { note(member, ": \(text) is no time") }
    return moment(time)
  }

  private mutating func moment(_ time: ListedTime?) -> Timestamp? {
    switch time {
    case .at(let time): return time
    case .ago(let age):
      hasAge = true
      return written.advanced(by: TimeSpan(nanoseconds: -age.nanoseconds))
    case .never, nil: return nil
    }
  }

  /// The program that wrote it.
  var origin: ListOrigin {
    if !found.contains(.largeID) { return found.contains(.id) ? .buildctl : .unknown }
    if found.contains(.cacheType) { return .docker }
    if found.contains(.reclaimable) || found.contains(.largeMutable) || found.contains(.largeParents) && sizeText != nil
    {
      return .buildx
    }
    return sizeText == nil ? .engine : .docker
  }

  /// The row when all is read, and what it lacks told.
  ///
  /// - Throws: what is wrong with a member.
  consuming func finished(_ facts: inout ListFacts) throws(Problem) -> UsageRow {
    let isLarge = found.contains(.largeID)
    guard isLarge || found.contains(.id) else { throw Problem(member: ListMember.id.name, words: "is missing") }
    let needed: [ListMember] = isLarge ? [.largeSize, .largeCreatedAt] : [.size, .createdAt]
    if let problem { throw problem }
    for member in needed where !found.contains(member) { throw Problem(member: member.name, words: "is missing") }
    let origin = origin
    if isLarge {
      // Images and containers have ids, sizes and times, too.
      guard found.contains(.type) || found.contains(.cacheType) || found.contains(.largeUsageCount) else {
        throw Problem(member: ListMember.type.name, words: "is missing")
      }
      if !found.contains(.largeMutable) {
        row.isMutable = row.recordType == .execCacheMount || row.recordType == .sourceLocal
      }
    }
    if let sizeText {
      guard let size = RoundedSize(sizeText, .digits(origin == .docker ? 3 : 4)) else {
        throw Problem(member: ListMember.largeSize.name, words: ": \(sizeText) is no size")
      }
      row.size = size.bytes
      facts.roundingStep = max(facts.roundingStep, size.step)
    }
    facts.hasAges = facts.hasAges || hasAge
    if let isTypeEmpty { if isTypeEmpty { facts.hasEmptyTypes = true } else { facts.hasTypes = true } }
    if facts.origin == .unknown { facts.origin = origin }
    facts.note(row)
    return row
  }
}
