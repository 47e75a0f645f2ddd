import BuildCache
import CacheReport

/// A plan with what the Prune screen tells of it; made aside, as it takes a look at every record.
struct PrunePreview: Sendable {
  /// The plan.
  let plan: PrunePlan
  /// Rows that no limit of the last rule takes, by reason and then the largest first.
  let protected: [PrunePlan.Kept]
  /// What stays for each reason, in the order of ``protected``.
  let groups: [Group]
  /// What could go but for records that stand on it.
  let pinned: Pinned?
  /// How many records a daemon measures first, which counts as a use (G13).
  let measuredFirst: Int
  /// How fast the cache grows, where that can be said.
  let growth: GrowthEstimate?

  /// What stays for one reason.
  struct Group: Sendable, Equatable {
    let reason: KeptReason
    let records: Int
    let bytes: Int64
  }

  /// Records that others pin.
  struct Pinned: Sendable, Equatable {
    /// Their bytes.
    let bytes: Int64
    /// How many records pin them for a reason of their own.
    let pinners: Int
    /// Since when all that pin them were used, where keep-duration is the reason of all.
    let usedSince: Timestamp?
  }

  /// Sorts what stays.
  ///
  /// - Complexity: O(n log n).
  init(_ plan: PrunePlan) {
    self.plan = plan
    measuredFirst = plan.measuredFirst
    growth = GrowthEstimate(plan.state, now: plan.now)
    let places = Dictionary(uniqueKeysWithValues: KeptReason.allCases.enumerated().map { ($1, $0) })
    let rows = plan.state.rows
    let open = plan.limited(to: .none)
    protected = open.kept.sorted {
      (places[$0.reason] ?? 0, -rows[$0.row].size, rows[$0.row].id)
        < (places[$1.reason] ?? 0, -rows[$1.row].size, rows[$1.row].id)
    }
    var groups: [Group] = []
    for kept in protected {
      let last = groups.last?.reason == kept.reason ? groups.popLast() : nil
      groups.append(
        Group(
          reason: kept.reason, records: (last?.records ?? 0) + 1,
          bytes: (last?.bytes ?? 0).addingSaturating(rows[kept.row].size)))
    }
    self.groups = groups
    pinned = Self.pinned(protected, open)
  }

  private static func pinned(_ protected: [PrunePlan.Kept], _ plan: PrunePlan) -> Pinned? {
    var bytes: Int64 = 0
    var pinners: Set<Int> = []
    for kept in protected where kept.reason == .pinned {
      bytes = bytes.addingSaturating(plan.state.rows[kept.row].size)
      pinners.formUnion(kept.by.filter { plan.reason(forRow: $0) != .pinned })
    }
    guard !pinners.isEmpty else { return nil }
    let areYoung = pinners.allSatisfy { plan.reason(forRow: $0) == .keepDuration }
    return Pinned(
      bytes: bytes, pinners: pinners.count,
      usedSince: areYoung ? pinners.compactMap { plan.state.rows[$0].lastUsedAt }.min() : nil)
  }
}
