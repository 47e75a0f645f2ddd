/// What a prune did.
public struct PruneReport: Sendable, Equatable {
  /// Ids of those that went, in order.
  public var gone: [RecordID] = []
  /// How many records went.
  public var removed: Int { gone.count }
  /// The sum of their sizes.
  public var freed: Int64 = 0
  /// Ids of victims that were left alone as they changed since the plan was made.
  public var changed: [RecordID] = []
  /// Whether it was stopped before its end.
  public var wasStopped = false
  /// Whether victims went by their ids, for which a daemon keeps no order.
  public var wasByIDs = false
  /// Ids of victims that it did not come to, as it was stopped.
  public var notReached: [RecordID] = []

  /// What has to be known of the cache that came to light when it was opened for this, in sentences: what was damaged and
  /// had to be cleared away.
  public var notes: [String] = []

  /// Makes an empty report.
  public init() {}

  /// Makes the report of a plan that was stopped before its first victim.
  public init(stoppedBefore plan: PrunePlan) {
    wasStopped = true
    notReached = plan.victims.map { plan.state.rows[$0.row].id }
  }
}

/// What whoever carries a prune out answers for; the question before a prune says what doesn't hold.
public struct PrunePromises: OptionSet, Sendable, Hashable {
  /// One bit a promise.
  public let rawValue: UInt8

  /// Makes promises of their bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The victims go in the plan's order.
  public static let keepsOrder = PrunePromises(rawValue: 1)
  /// Each victim is looked at again before it goes: one that changed since the plan was made is left alone, and nothing
  /// goes that the plan doesn't name.
  public static let checksVictims = PrunePromises(rawValue: 2)
  /// It can be stopped between two victims.
  public static let canStop = PrunePromises(rawValue: 4)
  /// All of them.
  public static let all: PrunePromises = [.keepsOrder, .checksVictims, .canStop]
}
