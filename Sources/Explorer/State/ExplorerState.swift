import BuildCache
import Terminal

/// Everything that the screen shows, and nothing else: a value that only ``update(_:_:)`` changes.
///
/// The cursor and the marks stick to record ids, not to rows, so that they stay where they are when the list is
/// sorted or read anew.
public struct ExplorerState: Sendable {
  /// What doesn't change while the explorer is open.
  public struct Options: Sendable {
    /// What is open, in a few words.
    public var name: String
    /// Why nothing can be changed; absent where it can.
    public var readOnlyReason: String?
    /// How the cache carries a prune out.
    public var behavior: PruneBehavior
    /// Whether signs are drawn in ASCII only.
    public var isASCII: Bool

    /// Makes options.
    public init(name: String, readOnlyReason: String? = nil, behavior: PruneBehavior = .embedded, isASCII: Bool = false)
    {
      self.name = name
      self.readOnlyReason = readOnlyReason
      self.behavior = behavior
      self.isASCII = isASCII
    }
  }

  /// The screens that Tab goes through.
  public enum Screen: Sendable, CaseIterable {
    /// The table of all records.
    case records
    /// What a prune would take.
    case prune
  }

  var options: Options
  var size: Size
  /// The moment from which ages are counted.
  var now = Timestamp(nanoseconds: 0)
  var screen = Screen.records
  /// What lies over the screen and takes the keys.
  var overlay: Overlay?
  /// What is said beneath the body.
  var message = ExplorerState.reading

  var cache = CacheState.empty
  var space: CacheSpace?
  var totals = Totals()
  var isLoaded = false
  /// The letters of an id that tell any two records apart, 8 at least.
  var idWidth = 8
  /// What pruning a row with all that hangs on it frees, as far as it was worked out.
  var frees: [Int: Int64] = [:]
  /// Rows for which that is being worked out.
  var freesAsked: Set<Int> = []

  var records = RecordsState()
  var marks: Set<RecordID> = []
  var prune = PruneState()
  /// Whether the user left.
  public internal(set) var hasQuit = false

  /// The state before anything is read.
  public init(_ options: Options, size: Size) {
    self.options = options
    self.size = size
  }

  /// The row numbers of the marked records.
  var markedRows: [Int] { marks.compactMap { cache.index(of: $0) } }

  /// An id as the lists show it.
  func shortID(_ id: RecordID) -> String { String(id.prefix(idWidth)) }
}

/// What the records take together, each in one of three parts.
struct Totals: Sendable, Equatable {
  /// All of them.
  var all: Int64 = 0
  /// Of those in use.
  var inUse: Int64 = 0
  /// Of those that are not, but shared.
  var shared: Int64 = 0
  /// Of the rest.
  var reclaimable: Int64 = 0

  init() {}

  init(_ cache: CacheState) {
    for row in cache.rows {
      all &+= row.size
      if row.inUse { inUse &+= row.size } else if row.isShared { shared &+= row.size } else { reclaimable &+= row.size }
    }
  }
}

/// What lies over a screen.
enum Overlay: Sendable {
  /// All keys, from the line of this number on.
  case help(top: Int)
  /// The question before anything goes.
  case question(PrunePlan)
  /// A choice of columns to sort by.
  case sortMenu
  /// A line that is being typed.
  case entry(Entry)
  /// Why a record stays or goes.
  case note(title: String, lines: [String])
  /// A prune that is under way.
  case running(Progress)
}

/// A line that is being typed.
struct Entry: Sendable {
  /// What is asked for.
  enum Purpose: Sendable {
    /// A keep-bytes limit.
    case keepBytes
    /// A keep-duration.
    case keepDuration
  }
  /// What is asked for.
  var purpose: Purpose
  /// What was typed so far.
  var text = ""
  /// Why it was not taken.
  var problem: String?
}

/// How far a prune has come.
struct Progress: Sendable, Equatable {
  /// Records to go.
  var records: Int
  /// Their bytes.
  var bytes: Int64
  /// Records gone.
  var removed = 0
  /// Their bytes.
  var freed: Int64 = 0
  /// Whether it was told to stop.
  var isStopping = false
}

/// A place in a list, and the part of the list that is seen.
struct ListPosition: Sendable, Equatable {
  /// The line under the cursor.
  var cursor = 0
  /// The first line that is seen.
  var top = 0

  /// Keeps the cursor within a list, and in sight.
  mutating func settle(count: Int, height: Int) {
    cursor = max(0, min(cursor, count - 1))
    if cursor < top { top = cursor }
    if height > 0, cursor >= top + height { top = cursor - height + 1 }
    top = max(0, min(top, count - max(1, height)))
  }
}
