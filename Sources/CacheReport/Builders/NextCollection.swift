import BuildCache

/// When a daemon's own rules take something from its cache.
public enum NextCollection: Sendable, Hashable {
  /// Nobody tells its rules, or no prune can be planned of what it tells.
  case unknown
  /// It has no rules: nothing is ever taken.
  case never
  /// They would take so much now.
  case due(records: Int, bytes: Int64)
  /// They take something once the cache has grown by so many bytes.
  case after(bytes: Int64)
  /// No limit is ahead, and nothing is old enough for those rules that go by age.
  case byAge
  /// A limit is passed by so many bytes, but whatever there is may not go.
  case outOfReach(bytes: Int64)

  /// Finds out, by planning the rules.
  ///
  /// - Throws: `CancellationError` where the task was cancelled.
  /// - Complexity: that of a ``PrunePlan`` of the rules.
  public init(_ reading: Reading) throws(CancellationError) {
    guard let rules = reading.rules, reading.planRefusal == nil else {
      self = .unknown
      return
    }
    guard let last = rules.last else {
      self = .never
      return
    }
    let (total, free, isDaemon) = (reading.state.total, reading.space?.free, reading.behavior.isDaemon)
    let plan = try PrunePlan(
      reading.state, policies: rules, behavior: reading.behavior, now: reading.moment, free: free)
    if plan.count > 0 {
      self = .due(records: plan.count, bytes: plan.freed)
    } else if let over = last.limits.isPassed(by: total, free: free, isDaemon: isDaemon), over > 0 {
      // The last rule is the one that may take most, and even that finds nothing.
      self = .outOfReach(bytes: over)
    } else if let growth = rules.compactMap({
      $0.limits.growth(from: total, free: free, isDaemon: isDaemon)
    }).min() {
      self = .after(bytes: growth)
    } else {
      self = .byAge
    }
  }

  /// What its rules take, in a few words.
  public func words(in units: ByteUnits) -> String {
    switch self {
    case .unknown: "not told"
    case .never: "nothing ever: no rules"
    case .due(let records, let bytes): "\(counted(records)), \(ByteCount(bytes).text(in: units)), now"
    case .after(let bytes): "nothing for \(ByteCount(bytes).text(in: units)) more"
    case .byAge: "nothing old enough yet"
    case .outOfReach(let bytes): "nothing may go, \(ByteCount(bytes).text(in: units)) over"
    }
  }
}

extension SpaceLimits {
  /// By how many bytes a cache of this total passes the limit; nothing where there is none.
  fileprivate func isPassed(by total: Int64, free: Int64?, isDaemon: Bool) -> Int64? {
    let keep = keepBytes(total: total, free: free, isDaemon: isDaemon)
    return keep == 0 ? nil : total.addingSaturating(-keep)
  }

  /// By how many bytes a cache of this total may grow, and its disk fill up with that, before the limit is reached;
  /// nothing where it is reached already, or there is none.
  func growth(from total: Int64, free: Int64?, isDaemon: Bool) -> Int64? {
    var ways: [Int64] = []
    if maxUsed > 0 || minFree == 0 && reserved > 0 {
      ways.append(max(maxUsed, reserved).addingSaturating(-total))
    }
    if minFree > 0, let free {
      let above = reserved.addingSaturating(-total)
      ways.append(max(free.addingSaturating(-minFree).addingSaturating(1), above))
      // A min free that is met takes one record, too, where it stands alone (G12).
      if maxUsed == 0 && isDaemon { ways.append(above) }
    }
    return ways.min().flatMap { $0 > 0 ? $0 : nil }
  }
}
