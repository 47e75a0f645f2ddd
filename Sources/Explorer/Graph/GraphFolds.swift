import BuildCache

/// What the user folded and unfolded in a graph, by record ids: it stays when the cache is read anew.
struct GraphFolds: Sendable, Equatable {
  /// The topmost records of the chains that are unfolded.
  var openChains: Set<RecordID> = []
  /// Merges with very many parents that have a lane to each.
  var openMerges: Set<RecordID> = []
  /// The bases on which what stands is folded.
  var closedBases: Set<RecordID> = []
}
