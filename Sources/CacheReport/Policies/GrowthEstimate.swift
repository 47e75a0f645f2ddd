import BuildCache

/// How fast a cache grows, as far as the creation times of its records let it be said.
///
/// Records that are gone tell nothing, and one day may be like no other; so there is an estimate only where records were
/// made on many days, and about as many bytes in the earlier half of them as in the later. It tells what is added, not
/// what goes.
public struct GrowthEstimate: Sendable, Equatable {
  /// Bytes that a day adds.
  public let bytesPerDay: Int64
  /// Over how many days that was seen.
  public let days: Int
  /// How many records were made in them.
  public let records: Int

  /// Further back records tell of another time.
  private static let mostDays = 28
  /// Fewer days may be an accident.
  private static let leastDays = 7
  private static let leastBusyDays = 4
  private static let leastRecords = 20
  /// By how much the halves may differ.
  private static let mostUnlike: Int64 = 4
  private static let day: Int64 = 86_400_000_000_000

  /// Estimates it; nothing where that would be no more than a guess.
  ///
  /// - Parameter now: the moment from which days are counted back.
  /// - Complexity: O(rows).
  public init?(_ state: CacheState, now: Timestamp) {
    var bytesOfDay = [Int64](repeating: 0, count: Self.mostDays)
    var recordsOfDay = [Int](repeating: 0, count: Self.mostDays)
    var (early, oldest): (Int, Int64) = (0, 0)
    // An image's layers bear the image's own time, and what is shared counts for no limit (D4).
    for row in state.rows where !row.isShared && row.size > 0 && !row.description.hasPrefix("pulled from ") {
      let age = now.since(row.createdAt).nanoseconds
      guard age >= 0 else {
        early += 1
        continue
      }
      guard age / Self.day < Int64(Self.mostDays) else {
        oldest = Self.day * Int64(Self.mostDays)
        continue
      }
      oldest = max(oldest, age)
      let day = Int(age / Self.day)
      bytesOfDay[day] = bytesOfDay[day].addingSaturating(row.size)
      recordsOfDay[day] += 1
    }
    let days = Int(oldest / Self.day)
    guard days >= Self.leastDays else { return nil }
    let records = recordsOfDay[..<days].reduce(0, +)
    // A clock that is wrong makes records that are not made yet.
    guard records >= Self.leastRecords, early * 20 <= records else { return nil }
    var bytes = Array(bytesOfDay[..<days])
    guard bytes.count(where: { $0 > 0 }) >= Self.leastBusyDays else { return nil }
    // One day that is like no other counts as the largest of the others.
    if let largest = bytes.indices.max(by: { bytes[$0] < bytes[$1] }) {
      bytes[largest] = bytes.enumerated().filter { $0.offset != largest }.map(\.element).max() ?? 0
    }
    let late = Self.sum(bytes[..<(days / 2)])
    let before = Self.sum(bytes[(days - days / 2)...])
    guard late / Self.mostUnlike <= before, before / Self.mostUnlike <= late else { return nil }
    bytesPerDay = Self.sum(bytes[...]) / Int64(days)
    guard bytesPerDay > 0 else { return nil }
    self.days = days
    self.records = records
  }

  private static func sum(_ bytes: ArraySlice<Int64>) -> Int64 { bytes.reduce(0) { $0.addingSaturating($1) } }
}

/// When a plan's limit is met, at the growth that a cache has: an estimate.
public struct GrowthForecast: Sendable, Equatable, Codable {
  /// Bytes that a day adds.
  public let bytesPerDay: Int64
  /// Over how many days that was seen.
  public let overDays: Int
  /// How many records were made in them.
  public let records: Int
  /// After about how many days the limit is met; 0: within one.
  public let capInDays: Int
  /// Whether the limit is met already, and the plan takes something first.
  public let again: Bool

  /// Looks ahead; nothing where no limit is ahead, or that isn't known.
  ///
  /// - Complexity: O(rules).
  public init?(_ plan: PrunePlan, _ growth: GrowthEstimate?) {
    guard let growth else { return nil }
    let free = plan.free?.addingSaturating(plan.freed)
    let ahead = plan.rules.compactMap { rule in
      rule.policy.limits.growth(from: plan.after, free: free, isDaemon: plan.behavior.isDaemon)
    }.min()
    guard let ahead else { return nil }
    bytesPerDay = growth.bytesPerDay
    overDays = growth.days
    records = growth.records
    capInDays = Int((Double(ahead) / Double(growth.bytesPerDay)).rounded())
    again = plan.count > 0
  }

  /// The same in a sentence without its full stop; that it is an estimate is a part of it.
  public func words(in units: ByteUnits) -> String {
    "an estimate: at \(ByteCount(bytesPerDay).text(in: units)) a day the cap is \(met)"
  }

  /// The same in a few words, for where the cap itself is said.
  public func shortWords(in units: ByteUnits) -> String {
    "\(met) (an estimate, \(ByteCount(bytesPerDay).text(in: units)) a day)"
  }

  private var met: String {
    let met = again ? "met again" : "met"
    // As far ahead as three times what was seen: farther nobody knows.
    let most = 3 * overDays
    let time =
      switch capInDays {
      case 0: "in less than a day"
      case 1: "in about a day"
      case ...most: "in about \(capInDays) days"
      default: "in more than \(most) days"
      }
    return "\(met) \(time)"
  }
}
