import BuildCache
import CacheReport

/// Reads what `buildctl du --verbose` and `docker buildx du --verbose` print: a block of lines for each record, a key and a
/// value a line, and sums at the end.
struct VerboseList {
  private let name: String
  private let written: Timestamp
  private(set) var facts = ListFacts()
  private var line = 0
  /// The block that is being read: its first line, and what was found.
  private var block: (line: Int, row: UsageRow, found: Set<String>)?
  /// The key whose value goes on in the next lines.
  private var open: String?

  private static let sums: Set<String> = ["Reclaimable", "Total", "Shared", "Private"]
  private static let keys: Set<String> = [
    "ID", "Parent", "Parents", "Created at", "Mutable", "Reclaimable", "Shared", "Size", "Description", "Usage count",
    "Last used", "Type",
  ]

  /// Begins to read.
  ///
  /// - Parameters: as those of ``JSONList/init(name:written:_:)``.
  init(name: String, written: Timestamp) {
    self.name = name
    self.written = written
  }

  /// Whether a line is the first of such a list.
  static func begins(with line: Substring) -> Bool {
    guard let (key, value) = keyAndValue(line), !value.isEmpty else { return false }
    return key == "ID" || sums.contains(key) && RoundedSize(value, .decimals(2)) != nil
  }

  /// A line's key and value, as far as it has one.
  ///
  /// BuildKit fills up with tabs, buildx with blanks to a column; a value may have blanks of its own in front.
  private static func keyAndValue(_ line: Substring) -> (key: String, value: String)? {
    guard let colon = line.firstIndex(of: ":") else { return nil }
    let key = String(line[..<colon])
    guard keys.contains(key) || sums.contains(key) else { return nil }
    let rest = line[line.index(after: colon)...]
    if rest.first == "\t" { return (key, String(rest.drop { $0 == "\t" })) }
    let column = 14 - key.count - 1
    let blanks = rest.prefix { $0 == " " }.count
    return (key, String(rest.dropFirst(min(blanks, max(1, column)))))
  }

  /// Reads lines to the end.
  ///
  /// - Parameters:
  ///   - lines: gives lines until it gives none.
  ///   - add: takes a row.
  /// - Throws: ``CacheError`` `badList` naming the file and the line; what `lines` and `add` throw.
  mutating func read(_ lines: () throws -> String?, _ add: (UsageRow) throws -> Void) throws {
    while let text = try lines() {
      line += 1
      try take(Substring(text), add)
    }
    if let (line, row, found) = block {
      // The type comes last.
      guard found.contains("Type") else { throw refusal("the list is cut off in the middle of the record", line) }
      try end(line, row, found, add)
    }
  }

  private func refusal(_ words: String, _ line: Int? = nil) -> CacheError {
    CacheError(.badList, "\(name): line \(line ?? self.line): \(words); \(facts.origin.advice)")
  }

  private mutating func take(_ text: Substring, _ add: (UsageRow) throws -> Void) throws {
    if open == "Description", !text.hasPrefix("Usage count:") {
      // A description may have lines of its own.
      block?.row.description += "\n" + text
      return
    }
    if open == "Parents", text.hasPrefix(" - ") {
      block?.row.parents.append(RecordID(String(text.dropFirst(3))))
      return
    }
    open = nil
    if text.allSatisfy({ $0 == " " || $0 == "\t" }) {
      if let (line, row, found) = block { try end(line, row, found, add) }
      block = nil
      return
    }
    guard let (key, value) = Self.keyAndValue(text) else {
      throw refusal("\"\(text.prefix(40))\" is no line of a record")
    }
    if key == "ID" {
      if block != nil { throw refusal("a record begins before the one before it has ended") }
      if facts.origin == .unknown { facts.origin = text.contains("\t") ? .buildctl : .buildx }
      guard !value.isEmpty else { throw refusal("\"ID\": it is empty") }
      block = (line, UsageRow(id: RecordID(value), size: 0, createdAt: Timestamp(nanoseconds: 0)), [key])
    } else if var block {
      block.found.insert(key)
      try set(key, value, &block.row)
      self.block = block
    } else if !Self.sums.contains(key) {
      throw refusal("\"\(key)\" stands outside of a record")
    }
  }

  private mutating func set(_ key: String, _ value: String, _ row: inout UsageRow) throws {
    switch key {
    case "Parent", "Parents":
      row.parents = value.split(separator: ";").map { RecordID(String($0)) }
      if value.isEmpty { open = key }
    case "Created at":
      if let time = try time(key, value) { row.createdAt = time }
    case "Mutable": row.isMutable = try flag(key, value)
    case "Reclaimable": row.inUse = try !flag(key, value)
    case "Shared": row.isShared = try flag(key, value)
    case "Size":
      let rounding: RoundedSize.Rounding = facts.origin == .buildctl ? .decimals(2) : .digits(4)
      guard let size = RoundedSize(value, rounding) else { throw refusal("\"Size\": \(value) is no size") }
      row.size = size.bytes
      facts.roundingStep = max(facts.roundingStep, size.step)
    case "Description":
      row.description = value
      open = key
    case "Usage count":
      guard let count = Int64(value), count >= 0 else {
        throw refusal("\"Usage count\": \(value) is no number of uses")
      }
      row.usageCount = Int(clamping: count)
    case "Last used": row.lastUsedAt = try time(key, value)
    case "Type": row.recordType = RecordType(rawValue: value)
    default: break
    }
  }

  private func flag(_ key: String, _ value: String) throws -> Bool {
    switch value {
    case "true": return true
    case "false": return false
    default: throw refusal("\"\(key)\": \(value) is neither true nor false")
    }
  }

  private mutating func time(_ key: String, _ value: String) throws -> Timestamp? {
    var value = value
    switch value.withUTF8({ ListedTime($0) }) {
    case .at(let time): return time
    case .never: return nil
    case .ago(let age):
      facts.hasAges = true
      return written.advanced(by: TimeSpan(nanoseconds: -age.nanoseconds))
    case nil: throw refusal("\"\(key)\": \(value) is no time")
    }
  }

  private mutating func end(
    _ line: Int, _ row: UsageRow, _ found: Set<String>, _ add: (UsageRow) throws -> Void
  ) throws {
    for key in ["Size", "Created at"] where !found.contains(key) { throw refusal("\"\(key)\" is missing", line) }
    facts.note(row)
    try add(row)
  }
}
