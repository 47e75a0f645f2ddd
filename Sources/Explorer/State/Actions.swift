import BuildCache
import Terminal

/// What can happen to the explorer.
public enum ExplorerEvent: Sendable {
  /// A key was pressed.
  case key(Key)
  /// The window has another size.
  case resize(Size)
  /// The cache was read.
  case loaded(CacheState, CacheSpace?, at: Timestamp)
  /// Something could not be done.
  case failed(String)
  /// A plan was made.
  case planned(PrunePlan)
  /// What pruning these rows frees was worked out.
  case freed([Int: Int64])
  /// A record went.
  case removed(CacheState.Row)
  /// A prune came to its end.
  case pruned(PruneReport)
}

/// What the explorer wants done; whoever runs it answers with events.
public enum Effect: Sendable {
  /// Read the cache.
  case load
  /// Plan a policy on the state that is shown.
  case plan(CacheState, PrunePolicy, PruneBehavior)
  /// Work out what pruning rows with all that hangs on them frees.
  case measure(CacheState, [Int])
  /// Carry a plan out.
  case carryOut(PrunePlan)
  /// Stop the prune that is under way, after the record that it is at.
  case stop
}

/// What a key can mean.
enum Action: Hashable, Sendable {
  case down, up, pageDown, pageUp, top, bottom
  case records, prune, nextScreen
  case mark, markTree, markAll, unmark
  case pruneMarked
  case sortMenu, reverse
  case refresh, help, back
  case moreBytes, fewerBytes, morePercent, fewerPercent
  case typeLimit, typeDuration, toggleAll, carryOut, why
}
