import BuildCache

/// What lies over a screen and takes the keys.
enum Overlay: Sendable {
  /// All keys, from the line of this number on.
  case help(top: Int)
  /// The question before anything goes.
  case question(PrunePlan)
  /// A choice of columns to sort by.
  case sortMenu
  /// A choice of what puts records together.
  case groupMenu
  /// A choice of what to change about a rule, from the line of this number on.
  case policyMenu(PruneState.Rule, top: Int = 0)
  /// A line that is being typed.
  case entry(TextEntry)
  /// A filter that is being typed, beneath the list that follows it.
  case filter(FilterEntry)
  /// Why a record stays or goes.
  case note(title: String, lines: [String])
  /// A prune that is under way.
  case running(PruneProgress)
}

/// A line that is being typed.
struct TextEntry: Sendable {
  /// What is asked for: a part of a rule of the Prune screen, or of what is assumed.
  enum Purpose: Sendable, CaseIterable {
    /// The keep-bytes limit.
    case maxUsed
    /// The reserved space.
    case reserved
    /// What should be free on the disk.
    case minFree
    /// The keep-duration.
    case keepDuration
    /// What it may take.
    case filter
    /// How candidates are ranked, by name or version.
    case ranking
    /// When the daemon is started anew.
    case restart
    /// Free bytes of the disk.
    case free
    /// All bytes of the disk.
    case diskSize
    /// Whose section of a configuration is meant.
    case worker
    /// A daemon's configuration, whose rules are taken.
    case open
    /// The one that the rules are written to.
    case save
  }
  /// The bytes that it may have.
  static let most = 1000

  /// What is asked for.
  var purpose: Purpose
  /// Of which rule.
  var rule: PruneState.Rule
  /// What was typed so far.
  var text = ""
  /// Why it was not taken.
  var problem: String?
  /// How a path may go on.
  var candidates: [String] = []
}

/// A filter that is being typed.
struct FilterEntry: Sendable {
  /// What was typed so far.
  var text: String
  /// What was set before, and comes back with Esc.
  let before: Filter
  /// Why it can't be understood yet; the list is then as it was before.
  var problem: String?
}

/// How far a prune has come.
struct PruneProgress: Sendable, Equatable {
  /// Records to go.
  var records: Int
  /// Their bytes.
  var bytes: Int64
  /// Records gone.
  var removed = 0
  /// Their bytes.
  var freed: Int64 = 0
  /// Whether it can be stopped on the way.
  var canStop = true
  /// Whether it was told to stop.
  var isStopping = false
}
