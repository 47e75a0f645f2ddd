import BuildCache
import CacheReport
import SystemPackage
import Terminal

/// What the explorer wants done; whoever runs it answers with events.
enum Effect: Sendable {
  /// Look at so many of the largest records, before the cache is read.
  case glimpse(Int)
  /// Read the cache, and arrange its rows where they are not those of the last reading.
  case load(ListChoice, last: CacheState?)
  /// Arrange rows anew.
  case arrange(CacheState, ListChoice, from: Arrangement, at: Timestamp)
  /// Plan rules on the state that is shown.
  case plan(CacheState, [PrunePolicy], PruneBehavior, free: Int64?, at: Timestamp)
  /// Read the rules of a daemon's configuration.
  case readPolicy(String, RankingRule, CacheSpace?)
  /// Work out what pruning rows with all that hangs on them frees.
  case measure(CacheState, [Int])
  /// Lay the graph out.
  case layOut(CacheState, Arrangement, GraphFolds)
  /// Find what a row has to do with others, and the line that is followed.
  case relate(GraphPicture, Int, along: Int)
  /// Find all about a row.
  case describe(CacheState, Int)
  /// Work out what would go without any limit: whoever stays has a reason of its own.
  case stand(CacheState, PruneBehavior, at: Timestamp)
  /// Plan the removal of chosen rows.
  case choose(CacheState, [Int])
  /// List what a record's tree holds at a path.
  case list(RecordID, FilePath)
  /// Stop listing: nobody looks any more.
  case stopListing
  /// Carry a plan out.
  case carryOut(PrunePlan)
  /// Stop the prune that is under way, after the record that it is at.
  case stop
  /// Hold a record, or let go of it.
  case setHeld(Bool, RecordID)
  /// Copy a text to the clipboard.
  case copy(String)
  /// Write rows into a file, as `du` prints them.
  case export(CacheState, [Int])
}

extension Effect {
  /// Of the effects in a slot only the last matters: a new one cancels it.
  enum Slot: Hashable {
    case arrange, plan, readPolicy, layOut, relate, describe, stand, choose, list
  }

  var slot: Slot? {
    switch self {
    case .arrange: .arrange
    case .plan: .plan
    case .readPolicy: .readPolicy
    case .layOut: .layOut
    case .relate: .relate
    case .describe: .describe
    case .stand: .stand
    case .choose: .choose
    case .list: .list
    case .glimpse, .load, .measure, .stopListing, .carryOut, .stop, .setHeld, .copy, .export: nil
    }
  }
}

extension Effect {
  /// Whether its answer speaks of row numbers, which mean nothing once the cache is read anew.
  var isOfRows: Bool {
    switch self {
    case .arrange, .plan, .measure, .layOut, .relate, .describe, .stand, .choose: true
    case .glimpse, .load, .readPolicy, .list, .stopListing, .carryOut, .stop, .setHeld, .copy, .export: false
    }
  }
}
