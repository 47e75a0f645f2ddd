import BuildCache

/// Which group each record of a cache is in.
///
/// Worked out once for a cache, whatever a list shows of it and in which order: ``RecordGroups`` adds up what is listed.
public struct RecordGrouping: Sendable {
  /// What puts records together.
  public enum Key: String, Sendable, CaseIterable {
    /// What they were made for.
    case type
    /// The project that they belong to: the stages or images that stand on them.
    case stage
    /// How long ago they were used.
    case age
    /// Who keeps them from going: records of the same holders go together.
    case holder
  }

  /// A group's name, and what tells it from others of another reading.
  public struct Name: Sendable, Hashable {
    /// The same for the same group of every reading.
    public let id: String
    /// In words; any text.
    public let text: String
    /// Where the group stands among others that are not told apart by what a list is sorted by.
    let place: Int

    init(_ text: String, id: String? = nil, place: Int = 0) {
      self.text = text
      self.id = id ?? text
      self.place = place
    }
  }

  /// What puts them together.
  public let key: Key
  /// The groups, by their numbers.
  public let names: [Name]
  /// The group of each row.
  public let groupOfRow: [Int32]

  /// Groups the rows of a cache.
  ///
  /// - Parameter now: from when ages are counted.
  /// - Complexity: O(rows and edges).
  public init(_ state: CacheState, by key: Key, now: Timestamp) {
    self.key = key
    let rows = state.rows
    let groups: (names: [Name], groupOfRow: [Int32])
    switch key {
    case .type: groups = Self.numbered(rows.count, { rows[$0].recordType }, { Name($0.rawValue) })
    case .age:
      groups = Self.numbered(rows.count) { number in
        let age = now.since(rows[number].lastUsedAt ?? rows[number].createdAt).nanoseconds / 1_000_000_000
        return Self.ages.firstIndex { age <= $0.most } ?? Self.ages.count - 1
      } _: { place in
        Name(Self.ages[place].words, place: place)
      }
    case .stage:
      let origins = Origins(state)
      groups = Self.numbered(rows.count, origins.origin, origins.name)
    case .holder:
      let holders = Holders(state)
      groups = Self.numbered(rows.count, holders.holders, holders.name)
    }
    (names, groupOfRow) = groups
  }

  /// Numbers groups in the order in which they come up.
  private static func numbered<Value: Hashable>(
    _ rows: Int, _ value: (Int) -> Value, _ name: (Value) -> Name
  ) -> ([Name], [Int32]) {
    var names: [Name] = []
    var groupOfRow: [Int32] = []
    groupOfRow.reserveCapacity(rows)
    var numbers: [Value: Int32] = [:]
    var last: (value: Value, number: Int32)?
    for row in 0..<rows {
      let value = value(row)
      // Neighbours are often alike.
      if let last, last.value == value {
        groupOfRow.append(last.number)
        continue
      }
      let number = numbers[value] ?? Int32(names.count)
      if number == names.count {
        names.append(name(value))
        numbers[value] = number
      }
      last = (value, number)
      groupOfRow.append(number)
    }
    return (names, groupOfRow)
  }

  /// Ages that are worth telling apart, by the seconds up to which each goes.
  private static let ages: [(most: Int64, words: String)] = [
    (3600, "used in the last hour"), (86_400, "used in the last day"), (7 * 86_400, "used in the last week"),
    (30 * 86_400, "used in the last 30 days"), (90 * 86_400, "used in the last 90 days"),
    (.max, "not used for 90 days"),
  ]
}

extension RecordGrouping.Key {
  /// What it puts together, in a few words.
  public var words: String {
    switch self {
    case .type: "type"
    case .stage: "stage or image"
    case .age: "age"
    case .holder: "holder"
    }
  }
}
