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
  case policyRead([PrunePolicy], remarks: [String], PolicyFiles.Request)
  /// A path was completed that was typed so.
  case completed(String, PathCompletion)
  /// What pruning these rows frees was worked out.
  case freed([Int: Int64])
  /// Rows that match a filter by which records are marked, or lose their marks.
  case matched([Int], isMarking: Bool)
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
  /// What is to be told before a plan is carried out was found.
  case weighed(PendingPrune)
  /// What a record's tree holds at a path.
  case listed(RecordID, FilePath, [TreeFile])
  /// What a record's tree holds at a path can't be told.
  case notListed(RecordID, FilePath, String)
  /// A record went.
  case removed(CacheState.Row)
  /// A prune came to its end, stopped or not; and what went otherwise than foreseen.
  case pruned(PruneReport, PruneOutcome, differences: [String])
  /// A prune failed; what it had removed by then is gone.
  case notPruned(String)
  /// Something was done that is only to be told.
  case told(String)
  /// A record is held, or let go: the cache is to be read anew.
  case changed(String)
  /// It could not be held, or let go.
  case notChanged(String)
  /// It is time to look whether the cache has changed.
  case tick
  /// Nothing: an effect was cancelled, or has nothing to say.
  case nothing
}
