import BuildCache

/// What may be done with a cache: asked with each reading for the keys that are off, and again by each act.
struct Rights: Sendable, Equatable {
  /// Why nothing can be pruned or held; absent where it can.
  var noPruning: String?
  /// Why there are no files and holds; absent where there are.
  var noInsight: String?
  /// What whoever carries a prune out answers for.
  var promises = PrunePromises.all

  /// All may be done.
  init() {}

  /// Asks a source.
  init(of source: any CacheSource) async {
    switch await source.pruning() {
    case .allowed(let pruner): promises = pruner.promises
    case .refused(let why): noPruning = why
    }
    noInsight = await source.insight().refusal
  }
}
