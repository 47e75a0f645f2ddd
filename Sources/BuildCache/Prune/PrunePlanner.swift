import HeapModule

/// Finds the order in which a prune takes its victims, without ranking all candidates anew after each (G5).
///
/// The seed sorts what can go, takes the first, and begins again. Within one usage count the oldest candidate
/// always scores lowest, so the next victim is among the *fronts*: the oldest candidate of each usage count.
/// A heap a count keeps the fronts; a counting tree keeps the ranks among distinct times.
///
/// The order does not depend on keep-bytes, only where it is cut does (D5), so it is found to the end.
struct PrunePlanner {
  private let state: CacheState
  private let rule: RankingRule
  /// Eligible rows by last use (never first), creation time and id: D5's order within one usage count.
  private let byAge: [Int32]
  private let position: [Int32]
  /// The number of a row's last use among the distinct times, from 1; 0 is never.
  private let timeSlot: [Int32]
  private var classes: [UsageClass]
  private let classOfCount: [Int: Int]
  private var liveTimes: CountingTree
  private var candidatesAtTime: [Int32]

  /// The candidates of one usage count.
  private struct UsageClass {
    let count: Int
    /// Positions in `byAge`.
    var queue = Heap<Int32>()
    /// How many candidates have the time slot: those of the front's score the same.
    var atTime: [Int32: Int] = [:]
  }

  /// Prepares to order the rows that `isEligible` says may go once nothing stands on them.
  init(_ state: CacheState, rule: RankingRule, isEligible: [Bool]) {
    self.state = state
    self.rule = rule
    let rows = state.rows
    byAge = rows.indices.filter { isEligible[$0] }.sorted { Self.isOlder(rows[$0], rows[$1]) }.map { Int32($0) }

    var position = [Int32](repeating: -1, count: rows.count)
    var timeSlot = [Int32](repeating: 0, count: rows.count)
    var slot: Int32 = 0
    var last: Timestamp?
    for (place, row) in byAge.enumerated() {
      position[Int(row)] = Int32(place)
      if let time = rows[Int(row)].lastUsedAt, time != last {
        slot += 1
        last = time
      }
      timeSlot[Int(row)] = slot
    }
    self.position = position
    self.timeSlot = timeSlot
    liveTimes = CountingTree(slots: Int(slot) + 1)
    candidatesAtTime = [Int32](repeating: 0, count: Int(slot) + 1)

    let counts = Set(byAge.map { rows[Int($0)].usageCount }).sorted()
    classes = counts.map { UsageClass(count: $0) }
    classOfCount = Dictionary(uniqueKeysWithValues: counts.enumerated().map { ($1, $0) })
  }

  /// The victims in order, with what they scored among the candidates of their step.
  ///
  /// - Complexity: O(n log n + n · c) for n eligible rows with c distinct usage counts.
  mutating func order() -> [PrunePlan.Victim] {
    var standing = state.rows.indices.map { state.childCount(of: $0) }
    for row in byAge where standing[Int(row)] == 0 { insert(Int(row)) }
    var victims: [PrunePlan.Victim] = []
    victims.reserveCapacity(byAge.count)
    while let victim = takeLowest() {
      victims.append(victim)
      for parent in state.parents(of: victim.row) {
        standing[parent] -= 1
        if standing[parent] == 0 && position[parent] >= 0 { insert(parent) }
      }
    }
    return victims
  }

  private static func isOlder(_ a: CacheState.Row, _ b: CacheState.Row) -> Bool {
    if a.lastUsedAt != b.lastUsedAt {
      guard let first = a.lastUsedAt else { return true }
      guard let second = b.lastUsedAt else { return false }
      return first < second
    }
    return (a.createdAt, a.id) < (b.createdAt, b.id)
  }

  private mutating func insert(_ row: Int) {
    guard let number = classOfCount[state.rows[row].usageCount] else { return }
    classes[number].queue.insert(position[row])
    classes[number].atTime[timeSlot[row], default: 0] += 1
    changeTime(Int(timeSlot[row]), by: 1)
  }

  private mutating func changeTime(_ slot: Int, by change: Int32) {
    let before = candidatesAtTime[slot]
    candidatesAtTime[slot] += change
    // Slot 0, never used, is no time and so has no number among them.
    guard slot > 0, (before == 0) != (candidatesAtTime[slot] == 0) else { return }
    liveTimes.add(Int(change), at: slot)
  }

  private mutating func takeLowest() -> PrunePlan.Victim? {
    let shift = rule == .current ? 1 : 0
    let usageMax = classes.count { !$0.queue.isEmpty && $0.count != 0 } + shift
    let timeMax = liveTimes.total + shift
    var usage = shift
    var best: (score: Double, number: Int, time: Int, usage: Int)?
    var tied = 0
    for (number, candidates) in classes.enumerated() {
      guard let front = candidates.queue.min else { continue }
      if candidates.count != 0 { usage += 1 }
      let slot = timeSlot[Int(byAge[Int(front)])]
      let time = (slot == 0 ? 0 : liveTimes.sum(through: Int(slot))) + shift
      let score = Self.share(time, of: timeMax) + Self.share(usage, of: usageMax)
      let equals = candidates.atTime[slot, default: 1]
      // Classes come by rising usage count, which is D5's first tie-break: an equal later one never wins.
      if let leader = best, score >= leader.score {
        if score == leader.score { tied += equals }
      } else {
        best = (score, number, time, usage)
        tied = equals - 1
      }
    }
    guard let best, let place = classes[best.number].queue.popMin() else { return nil }
    let row = Int(byAge[Int(place)])
    classes[best.number].atTime[timeSlot[row], default: 1] -= 1
    changeTime(Int(timeSlot[row]), by: -1)
    return PrunePlan.Victim(
      row: row, score: best.score, lastUsedRank: Rank(number: best.time, highest: timeMax),
      usageRank: Rank(number: best.usage, highest: usageMax), tied: tied)
  }

  /// `number / highest`, where 0/0 is 0 (G2).
  private static func share(_ number: Int, of highest: Int) -> Double {
    highest == 0 ? 0 : Double(number) / Double(highest)
  }
}
