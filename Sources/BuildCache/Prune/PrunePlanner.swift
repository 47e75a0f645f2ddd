import HeapModule

/// Finds the order in which a rule takes its victims, without ranking all candidates anew after each (G5).
///
/// The seed sorts what can go, takes the first, and begins again. Within one usage count the oldest candidate
/// always scores lowest, so the next victim is among the *fronts*: the oldest candidate of each usage count. Of these
/// only a front that is older than every front with fewer uses can be lowest; a tree finds those few. Counting trees
/// keep the ranks among the distinct times and counts.
///
/// The order does not depend on keep-bytes, only where it is cut does (D5), so it is found to the end.
struct PrunePlanner {
  /// A rule's whole order.
  struct Order {
    var victims: [PrunePlan.Victim] = []
    /// Rows that keep-duration came to protect as the order's own victims counted a use of them (G6), with the place
    /// of the victim.
    var madeYoung: [Int: Int32] = [:]
  }

  private var remaining: RemainingCache
  private let ranking: RankingRule
  private let keepsYoung: Bool

  /// Eligible rows by usage count, then last use (never first), creation time and id: D5's order among equals. A row's
  /// number here is its *place*.
  private let rowAt: [Int32]
  private let placeOf: [Int32]
  /// The number of a place's last use among the distinct times, from 1; 0 is never.
  private let slotAt: [Int32]
  /// Places of one usage count and time are a group: their scores are equal.
  private let groupAt: [Int32]
  private let classAt: [Int32]
  private let classes: (hasZero: Bool, count: Int)
  /// Times that were known before; a use that the prune itself counts has a later slot of its own.
  private let knownTimes: Int32

  /// Rows that the prune itself counted a use of, in the order of these uses; candidates with keys beyond all places.
  private var lateRows: [Int32] = []
  /// The key of each row that the prune counted a use of; where keep-duration protects those, it is none.
  private var lateKeys: [Int: Int32] = [:]
  /// The candidates of each usage count.
  private var candidates: [Heap<Int32>]
  private var fronts: FrontTree
  private var candidatesInGroup: [Int32]
  private var candidatesAtTime: [Int32]
  private var liveTimes: CountingTree
  private var liveCounts: CountingTree

  /// Prepares to order the rows that `isEligible` says may go once nothing stands on them.
  ///
  /// - Parameter keepsYoung: whether a row that the prune itself counts a use of stays, as keep-duration makes it.
  init(_ remaining: RemainingCache, ranking: RankingRule, isEligible: (Int) -> Bool, keepsYoung: Bool) {
    self.remaining = remaining
    self.ranking = ranking
    self.keepsYoung = keepsYoung
    let rows = remaining.state.rows
    rowAt = Self.sorted(rows.indices.filter(isEligible), remaining)

    let times = Self.distinct(rowAt.map { remaining.lastUsed[Int($0)] }.filter { $0 != RemainingCache.neverUsed })
    // A use that the prune counts moves a row to the next count.
    let lateCounts = remaining.restart == nil ? [] : rowAt.map { Int64(remaining.usageCount[Int($0)]) + 1 }
    let counts = Self.distinct(rowAt.map { Int64(remaining.usageCount[Int($0)]) } + lateCounts)

    var placeOf = [Int32](repeating: -1, count: rows.count)
    var slotAt: [Int32] = []
    var groupAt: [Int32] = []
    var classAt: [Int32] = []
    var number = 0
    for (place, row) in rowAt.enumerated() {
      let time = remaining.lastUsed[Int(row)]
      let count = Int64(remaining.usageCount[Int(row)])
      placeOf[Int(row)] = Int32(place)
      while counts[number] < count { number += 1 }
      classAt.append(Int32(number))
      slotAt.append(time == RemainingCache.neverUsed ? 0 : Int32(times.indices.partitionPoint { times[$0] < time } + 1))
      let isNewGroup = place == 0 || classAt[place - 1] != classAt[place] || slotAt[place - 1] != slotAt[place]
      groupAt.append(place == 0 ? 0 : groupAt[place - 1] + (isNewGroup ? 1 : 0))
    }
    self.placeOf = placeOf
    self.slotAt = slotAt
    self.groupAt = groupAt
    self.classAt = classAt
    classes = (counts.first == 0, counts.count)
    knownTimes = Int32(times.count)

    let slots = times.count + 1 + (remaining.restart == nil ? 0 : rowAt.count)
    candidates = [Heap<Int32>](repeating: Heap(), count: counts.count)
    fronts = FrontTree(slots: counts.count)
    candidatesInGroup = [Int32](repeating: 0, count: Int(groupAt.last ?? -1) + 1)
    candidatesAtTime = [Int32](repeating: 0, count: slots)
    liveTimes = CountingTree(slots: slots)
    liveCounts = CountingTree(slots: counts.count)
  }

  /// The victims in order, with what they scored among the candidates of their step.
  ///
  /// - Complexity: O(n log n + n · f log c) for n eligible rows with c distinct usage counts, of which at a time f have
  ///   a front that is older than those of all smaller counts.
  /// - Throws: `CancellationError` where the task was cancelled.
  consuming func order() throws(CancellationError) -> Order {
    var order = Order()
    var check = CancellationCheck()
    order.victims.reserveCapacity(rowAt.count)
    for (place, row) in rowAt.enumerated() where remaining.standing[Int(row)] == 0 {
      insert(Int32(place), class: Int(classAt[place]))
    }
    var releases: [RemainingCache.Release] = []
    while let victim = takeLowest() {
      try check.pass()
      let place = Int32(order.victims.count)
      order.victims.append(victim)
      releases.removeAll(keepingCapacity: true)
      remaining.remove(victim.row) { releases.append($0) }
      for release in releases { take(release, after: place, &order) }
    }
    return order
  }

  /// Counts a use of a parent, and lets it be a candidate once nothing stands on it.
  private mutating func take(_ release: RemainingCache.Release, after place: Int32, _ order: inout Order) {
    let parent = release.parent
    guard placeOf[parent] >= 0 else { return }
    if release.isUse {
      if !keepsYoung { lateRows.append(Int32(parent)) }
      lateKeys[parent] = Int32(rowAt.count + lateRows.count - 1)
    }
    guard release.isFreed else { return }
    let own = placeOf[parent]
    guard let late = lateKeys[parent] else { return insert(own, class: Int(classAt[Int(own)])) }
    if keepsYoung { order.madeYoung[parent] = place } else { insert(late, class: Int(classAt[Int(own)]) + 1) }
  }

  // MARK: candidates

  private func row(of key: Int32) -> Int {
    Int(key) < rowAt.count ? Int(rowAt[Int(key)]) : Int(lateRows[Int(key) - rowAt.count])
  }

  private func slot(of key: Int32) -> Int32 {
    Int(key) < rowAt.count ? slotAt[Int(key)] : knownTimes + 1 + key - Int32(rowAt.count)
  }

  private mutating func insert(_ key: Int32, class number: Int) {
    if candidates[number].isEmpty { changeCount(number, by: 1) }
    candidates[number].insert(key)
    fronts[number] = candidates[number].min.map { slot(of: $0) } ?? FrontTree.empty
    change(key, by: 1)
  }

  private mutating func removeFront(class number: Int) -> Int32? {
    guard let key = candidates[number].popMin() else { return nil }
    if candidates[number].isEmpty { changeCount(number, by: -1) }
    fronts[number] = candidates[number].min.map { slot(of: $0) } ?? FrontTree.empty
    change(key, by: -1)
    return key
  }

  /// A count of 0 is no count, and so has no number among them.
  private mutating func changeCount(_ number: Int, by change: Int) {
    if number > 0 || !classes.hasZero { liveCounts.add(change, at: number) }
  }

  private mutating func change(_ key: Int32, by change: Int32) {
    if Int(key) < rowAt.count { candidatesInGroup[Int(groupAt[Int(key)])] += change }
    let slot = Int(slot(of: key))
    let before = candidatesAtTime[slot]
    candidatesAtTime[slot] += change
    // Slot 0, never used, is no time and so has no number among them.
    guard slot > 0, (before == 0) != (candidatesAtTime[slot] == 0) else { return }
    liveTimes.add(Int(change), at: slot)
  }

  /// How many candidates score as a front does: those of its count and time. A late use has a time of its own.
  private func equals(of key: Int32) -> Int {
    Int(key) < rowAt.count ? Int(candidatesInGroup[Int(groupAt[Int(key)])]) : 1
  }

  private mutating func takeLowest() -> PrunePlan.Victim? {
    let shift = ranking == .current ? 1 : 0
    let usageMax = liveCounts.total + shift
    let timeMax = liveTimes.total + shift
    var best: (score: Double, number: Int, time: Int, usage: Int)?
    var tied = 0
    var from = 0
    var youngest = FrontTree.empty
    while let number = fronts.first(from: from, below: youngest), let front = candidates[number].min {
      let slot = fronts[number]
      let usage = liveCounts.sum(through: number) + shift
      let time = (slot == 0 ? 0 : liveTimes.sum(through: Int(slot))) + shift
      let score = Self.share(time, of: timeMax) + Self.share(usage, of: usageMax)
      // Counts rise, which is D5's first tie-break: an equal later one never wins.
      if let leader = best, score >= leader.score {
        if score == leader.score { tied += equals(of: front) }
      } else {
        best = (score, number, time, usage)
        tied = equals(of: front) - 1
      }
      from = number + 1
      youngest = slot
    }
    guard let best, let key = removeFront(class: best.number) else { return nil }
    return PrunePlan.Victim(
      row: row(of: key), score: best.score, lastUsedRank: Rank(number: best.time, highest: timeMax),
      usageRank: Rank(number: best.usage, highest: usageMax), tied: tied)
  }

  /// `number / highest`, where 0/0 is 0 (G2).
  private static func share(_ number: Int, of highest: Int) -> Double {
    highest == 0 ? 0 : Double(number) / Double(highest)
  }

  // MARK: preparing

  private static func sorted(_ rows: [Int], _ remaining: RemainingCache) -> [Int32] {
    struct CandidateKey {
      let count: Int
      let time: Int64
      let created: Int64
      let row: Int32
    }
    let all = remaining.state.rows
    return rows.map {
      CandidateKey(
        count: remaining.usageCount[$0], time: remaining.lastUsed[$0], created: all[$0].createdAt.nanoseconds,
        row: Int32($0))
    }
    .sorted { a, b in
      if a.count != b.count { return a.count < b.count }
      if a.time != b.time { return a.time < b.time }
      if a.created != b.created { return a.created < b.created }
      return all[Int(a.row)].id < all[Int(b.row)].id
    }
    .map(\.row)
  }

  private static func distinct(_ values: [Int64]) -> [Int64] {
    var distinct: [Int64] = []
    for value in values.sorted() where value != distinct.last { distinct.append(value) }
    return distinct
  }
}
