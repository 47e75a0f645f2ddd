/// What a prune may take, and how far it goes (D2 to D4): one rule of those that are carried out in order.
public struct PrunePolicy: Sendable, Equatable {
  /// Takes internal, frontend and shared records too.
  public var all: Bool
  /// Which records it may take; of ``Filter/all`` any.
  public var filter: Filter
  /// Records used within this span before now stay; zero: age protects nothing.
  public var keepDuration: TimeSpan
  /// How much it leaves.
  public var limits: SpaceLimits

  /// Makes a policy; the default takes whatever is unused, unshared and not internal.
  public init(
    all: Bool = false, filter: Filter = .all, keepDuration: TimeSpan = TimeSpan(nanoseconds: 0),
    limits: SpaceLimits = .none
  ) {
    self.all = all
    self.filter = filter
    self.keepDuration = keepDuration
    self.limits = limits
  }

  /// Makes a policy with a plain limit.
  ///
  /// - Parameter keepBytes: bytes to stop below; 0: no limit, and no ranking.
  public init(
    all: Bool = false, filter: Filter = .all, keepDuration: TimeSpan = TimeSpan(nanoseconds: 0), keepBytes: Int64
  ) {
    self.init(all: all, filter: filter, keepDuration: keepDuration, limits: SpaceLimits(maxUsed: keepBytes))
  }
}

/// Why a record stays in a prune.
public enum KeptReason: String, Sendable, CaseIterable {
  /// Somebody holds a ref on it.
  case inUse
  /// Something that is in use stands on it.
  case holdsInUse
  /// Something outside uses it, and the policy is not `all`.
  case shared
  /// It is internal or a frontend, and the policy is not `all`.
  case `internal`
  /// It was used within the keep-duration.
  case keepDuration
  /// The filter does not match it.
  case filter
  /// It could go itself, but records that stay stand on it.
  case pinned
  /// It would be next: the limit was reached before.
  case withinLimit
}
