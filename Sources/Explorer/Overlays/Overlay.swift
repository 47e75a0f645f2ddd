import BuildCache
import CacheReport

/// What lies over a screen and takes the keys.
enum Overlay: Sendable {
  /// All keys, from the line of this number on.
  case help(top: Int)
  /// The question before anything goes.
  case question(PendingPrune)
  /// A choice of columns to sort by.
  case sortMenu
  /// A choice of how a plan is written into a file.
  case planMenu
  /// A choice of what puts records together.
  case groupMenu
  /// A choice of what to change about a rule, from the line of this number on.
  case policyMenu(PruneState.Rule, top: Int = 0)
  /// A line that is being typed.
  case entry(TextEntry)
  /// A filter that is being typed, beneath the list that follows it.
  case filter(FilterEntry)
  /// A command that is being typed, beneath the list.
  case prompt(PromptEntry)
  /// Why a record stays or goes, or what else takes more than a line to say.
  case note(title: String, lines: [String])
  /// A prune that is under way.
  case running(PruneProgress)
}

/// A plan that waits for a yes, with what is told of it; made aside, as it takes a look at every victim.
struct PendingPrune: Sendable {
  /// The plan in words.
  let question: PruneQuestion
  /// How many victims are not marked; none where it was not made of marks.
  let unmarked: Int
  /// How many records are marked and stay.
  let staying: Int

  /// The plan.
  var plan: PrunePlan { question.plan }

  /// Looks through a plan.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - marks: what is marked, where it was made of that.
  ///   - now: from when ages are counted.
  init(_ plan: PrunePlan, marks: Set<RecordID>?, now: Timestamp) {
    question = PruneQuestion(plan, now: now)
    let rows = plan.state.rows
    unmarked = marks.map { marks in plan.victims.count { !marks.contains(rows[$0.row].id) } } ?? 0
    staying = marks?.count { plan.state.index(of: $0).map { plan.reason(forRow: $0) != nil } ?? false } ?? 0
  }
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
