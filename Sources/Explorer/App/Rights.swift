import BuildCache

/// What may be done with a cache: asked with each reading for the keys that are off, and again by each act.
struct Rights: Sendable, Equatable {
  /// Why nothing can be pruned or held; absent where it can.
  var noPruning: String?
  /// Why there are no files and holds; absent where there are.
  var noInsight: String?
  /// What whoever carries a prune by rules out answers for.
  var promises = PrunePromises.all
  /// The same of a prune of chosen records.
  var promisesOfChosen = PrunePromises.all

  /// All may be done.
  init() {}

  /// Asks a source.
  init(of source: any CacheSource) async {
    switch await source.pruning() {
    case .allowed(let pruner):
      promises = pruner.promises(ofChosen: false)
      promisesOfChosen = pruner.promises(ofChosen: true)
    case .refused(let why): noPruning = why
    }
    noInsight = await source.insight().refusal
  }

  /// What whoever carries a plan out answers for.
  func promises(of plan: PrunePlan) -> PrunePromises { plan.isOfChosen ? promisesOfChosen : promises }
}
