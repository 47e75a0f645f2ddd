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
  case readPolicy(PolicyFiles.Request)
  /// Write rules as a daemon's configuration.
  case writePolicy([PrunePolicy], PolicyFiles.Request)
  /// Complete a path that is being typed.
  case complete(String)
  /// Work out what pruning rows with all that hangs on them frees.
  case measure(CacheState, [Int])
  /// Find what matches a filter: of what is listed, so that it is marked; or of all, so that marks are taken away.
  case match(CacheState, Arrangement, Filter, isMarking: Bool, at: Timestamp)
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
  /// Find out what is to be told before a plan is carried out; marks where it was made of those.
  case weigh(PrunePlan, marks: Set<RecordID>?, at: Timestamp)
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
  /// Write something into a new file.
  case export(Exported)
}

extension Effect {
  /// Of the effects in a slot only the last matters: a new one cancels it.
  enum Slot: Hashable {
    case arrange, plan, readPolicy, complete, match, layOut, relate, describe, stand, choose, weigh, list
  }

  var slot: Slot? {
    switch self {
    case .arrange: .arrange
    case .plan: .plan
    case .readPolicy: .readPolicy
    case .complete: .complete
    case .match: .match
    case .layOut: .layOut
    case .relate: .relate
    case .describe: .describe
    case .stand: .stand
    case .choose: .choose
    case .weigh: .weigh
    case .list: .list
    case .glimpse, .load, .writePolicy, .measure, .stopListing, .carryOut, .stop, .setHeld, .copy, .export: nil
    }
  }
}

extension Effect {
  /// Whether its answer speaks of row numbers, which mean nothing once the cache is read anew.
  var isOfRows: Bool {
    switch self {
    case .arrange, .plan, .measure, .match, .layOut, .relate, .describe, .stand, .choose, .weigh: true
    case .glimpse, .load, .readPolicy, .writePolicy, .complete, .list, .stopListing, .carryOut, .stop, .setHeld, .copy,
      .export:
      false
    }
  }
}
