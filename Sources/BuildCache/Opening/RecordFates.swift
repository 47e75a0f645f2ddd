/// What of stored records decides which of them live, by number: what each is, and whom it needs.
package struct StoredRecords {
  /// What holds for a stored record.
  package struct Facts: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It can't be written any more.
    package static let isCommitted = Facts(rawValue: 1)
    /// Its deletion has begun (D6).
    package static let isDeleted = Facts(rawValue: 2)
    /// It is mutable or half of a pair, and its snapshot doesn't exist (E2, E3).
    package static let lacksSnapshot = Facts(rawValue: 4)
    /// It names the mutable record that it was committed from (B2).
    package static let namesMutable = Facts(rawValue: 8)
    /// It is a merge or a diff: always committed, whatever is stored (E5).
    package static let isJoined = Facts(rawValue: 16)
    /// It is a diff that has an upper.
    package static let hasUpper = Facts(rawValue: 32)
  }

  /// For each record what it is.
  package var facts: [Facts] = []
  /// For each record its parents in order, and then the mutable half that it names; one that doesn't exist has the number
  /// after the last.
  package var needs = EdgeList()

  package init() {}
}

/// What opening a cache makes of its records (E): one set of rules for the manager, which makes them, and for whoever only
/// looks.
package struct RecordFates {
  /// What becomes of a record.
  package enum Fate: Sendable {
    /// It lives, with its mutable half where it names one.
    case lives
    /// It lives; its mutable half is gone, as finalizing had come to its end but for this entry (E2).
    case livesParted
    /// Its deletion had begun and is finished (E3).
    case isRemoved
    /// It is cleared away: it can't live.
    case isCleared(String)
  }

  /// For each record what becomes of it.
  package private(set) var fates: [Fate]
  /// The records in an order in which each comes after all that it needs; those in a circle are missing.
  package private(set) var order: [Int32] = []
  /// Mutable records on which another stands: it stands on a commit of them, as `get` would answer it (A7).
  package private(set) var committed: Set<Int> = []
  /// Refs that records keep which a cleared merge stood on, until the next open; as in the original (conformance scenario
  /// open-merge-parent-missing, which goes before E4).
  package private(set) var strayRefs: [Int: Int] = [:]

  /// Works it out.
  ///
  /// - Complexity: O(records and parents).
  package init(_ records: StoredRecords) {
    let count = records.facts.count
    let needs = records.needs
    fates = Array(repeating: .isCleared("it stands on itself"), count: count)
    order.reserveCapacity(count)
    let dependents = needs.reversed(count: count)
    // How many that it needs each record still waits for.
    var open = (0..<count).map { number in Int32(needs[number].count { $0 < count }) }
    var ready: [Int32] = []
    for number in (0..<count).reversed() where open[number] == 0 { ready.append(Int32(number)) }
    while let number = ready.popLast() {
      order.append(number)
      fates[Int(number)] = fate(of: Int(number), records)
      for next in dependents[Int(number)] {
        open[Int(next)] -= 1
        if open[Int(next)] == 0 { ready.append(next) }
      }
    }
    for number in 0..<count where open[number] > 0 && records.facts[number].contains(.isDeleted) {
      fates[number] = .isRemoved
    }
  }

  /// Whether a record lives.
  package func lives(_ number: Int) -> Bool {
    guard fates.indices.contains(number) else { return false }
    switch fates[number] {
    case .lives, .livesParted: return true
    case .isRemoved, .isCleared: return false
    }
  }

  private mutating func fate(of number: Int, _ records: StoredRecords) -> Fate {
    let facts = records.facts[number]
    // Somebody wanted it to go anyway.
    func cleared(_ reason: String) -> Fate { facts.contains(.isDeleted) ? .isRemoved : .isCleared(reason) }
    let needed = records.needs[number]
    let parents = facts.contains(.namesMutable) ? needed.dropLast() : needed
    for (place, parent) in parents.enumerated() where !takes(Int(parent), records) {
      for parent in parents.prefix(place) { strayRefs[Int(parent), default: 0] += 1 }
      return cleared("a parent is missing")
    }
    if facts.contains(.namesMutable) {
      if let mutable = needed.last.map({ Int($0) }), lives(mutable), records.isMutable(mutable) { return .lives }
      if facts.contains(.lacksSnapshot) { return cleared("its mutable half is missing") }
    }
    if facts.contains(.isDeleted) { return .isRemoved }
    if records.isMutable(number) && facts.contains(.lacksSnapshot) { return .isCleared("its snapshot is missing") }
    return facts.contains(.namesMutable) ? .livesParted : .lives
  }

  /// Whether a record can stand on another: on a mutable one only once, by its commit.
  private mutating func takes(_ parent: Int, _ records: StoredRecords) -> Bool {
    guard lives(parent) else { return false }
    return records.isMutable(parent) ? committed.insert(parent).inserted : true
  }
}

extension StoredRecords {
  /// Whether a record can still be written.
  package func isMutable(_ number: Int) -> Bool { facts[number].isDisjoint(with: [.isCommitted, .isJoined]) }
}
