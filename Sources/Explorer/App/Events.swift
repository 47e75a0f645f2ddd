import BuildCache
import CacheReport
import SystemPackage
import Terminal

/// What can happen to the explorer.
enum ExplorerEvent: Sendable {
  /// A key was pressed.
  case key(Key)
  /// A mouse button or wheel was used.
  case mouse(Mouse)
  /// The window has another size.
  case resize(Size)
  /// Some of the largest records, before the cache is read.
  case glimpsed(Inventory, Arrangement)
  /// The cache was read.
  case loaded(Inventory, Arrangement, Rights)
  /// The cache was read, and holds what it did.
  case unchanged(Reading, Rights)
  /// The cache can't be read, as was found at this moment.
  case notRead(String, Timestamp)
  /// The rows were arranged anew.
  case arranged(Arrangement)
  /// Something could not be done.
  case failed(String)
  /// A plan was made.
  case planned(PrunePreview)
  /// The rules of a daemon's configuration, and its file.
  case policyRead([PrunePolicy], String)
  /// What pruning these rows frees was worked out.
  case freed([Int: Int64])
  /// The graph was laid out.
  case laidOut(GraphPicture)
  /// What a row has to do with others was found.
  case related(Related)
  /// All about a row was found.
  case described(RecordDescription)
  /// What would go without any limit was worked out.
  case stood(PrunePlan)
  /// The removal of chosen records was planned.
  case chosen(PrunePlan)
  /// What a record's tree holds at a path.
  case listed(RecordID, FilePath, [TreeFile])
  /// What a record's tree holds at a path can't be told.
  case notListed(RecordID, FilePath, String)
  /// A record went.
  case removed(CacheState.Row)
  /// A prune came to its end.
  case pruned(PruneReport)
  /// Something was done that is only to be told.
  case told(String)
  /// The cache was changed: it is to be read anew.
  case changed(String)
  /// It is time to look whether the cache has changed.
  case tick
  /// Nothing: an effect was cancelled, or has nothing to say.
  case nothing
}

/// What the explorer wants done; whoever runs it answers with events.
enum Effect: Sendable {
  /// Look at so many of the largest records, before the cache is read.
  case glimpse(Int)
  /// Read the cache, and arrange its rows where they are not those of the last reading.
  case load(ListChoice, last: CacheState?)
  /// Arrange rows anew.
  case arrange(CacheState, ListChoice, from: Arrangement, at: Timestamp)
  /// Plan rules on the state that is shown.
  case plan(CacheState, [PrunePolicy], PruneBehavior, free: Int64?)
  /// Read the rules of a daemon's configuration.
  case readPolicy(String, RankingRule, CacheSpace?)
  /// Work out what pruning rows with all that hangs on them frees.
  case measure(CacheState, [Int])
  /// Lay the graph out.
  case layOut(CacheState, Arrangement, unfolded: Set<RecordID>)
  /// Find what a row has to do with others.
  case relate(CacheState, Int)
  /// Find all about a row.
  case describe(CacheState, Int)
  /// Work out what would go without any limit: whoever stays has a reason of its own.
  case stand(CacheState, PruneBehavior)
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
    case arrange, plan, layOut, relate, describe, stand, choose, list
  }

  var slot: Slot? {
    switch self {
    case .arrange: .arrange
    case .plan: .plan
    case .layOut: .layOut
    case .relate: .relate
    case .describe: .describe
    case .stand: .stand
    case .choose: .choose
    case .list: .list
    case .glimpse, .load, .measure, .readPolicy, .stopListing, .carryOut, .stop, .setHeld, .copy, .export: nil
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
