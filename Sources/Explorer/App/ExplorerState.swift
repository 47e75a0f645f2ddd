import BuildCache
import CacheReport
import Terminal

/// Everything that the screen shows, and nothing else: a value that only ``update(_:_:)`` changes.
///
/// Each screen has a state of its own; the cursors and the marks stick to record ids, not to rows, so that they stay
/// where they are when the list is sorted, filtered or read anew.
struct ExplorerState: Sendable {
  /// What doesn't change while the explorer is open.
  struct Options: Sendable {
    /// What is open, in a few words.
    var name: String
    /// What the Prune screen begins with.
    var prune: PrunePreset
    /// Whether signs are drawn in ASCII only.
    var isASCII: Bool
    /// The units in which bytes are written first.
    var units: ByteUnits
    /// The clock by which times are written.
    var localTime: LocalTime
    /// Whether it was opened from a list of builders, to which `b` and `q` go back.
    var isOfSeveral: Bool
    /// The keys that the user gave the work of others.
    var keys: KeyMap

    /// Makes options.
    init(
      name: String, prune: PrunePreset = PrunePreset(), isASCII: Bool = false, units: ByteUnits = .si,
      localTime: LocalTime = .utc, isOfSeveral: Bool = false, keys: KeyMap = KeyMap()
    ) {
      self.keys = keys
      self.isOfSeveral = isOfSeveral
      self.units = units
      self.localTime = localTime
      self.name = name
      self.prune = prune
      self.isASCII = isASCII
    }
  }

  var options: Options
  var size: Size
  /// The units in which bytes are written.
  var units: ByteUnits
  /// How rows show their share of what is listed.
  var share = ShareDisplay.bar
  var screen = Screen.records
  /// Where `q` goes back to from a screen that was opened from another.
  var cameFrom = Screen.records
  /// What lies over the screen and takes the keys.
  var overlay: Overlay?
  /// What is said beneath the body.
  var message = ExplorerState.reading
  /// What was said before the last key: help shows it whole where it had no room.
  var said = ""
  /// The first line of a note that is seen.
  var noteTop = 0

  /// What was read.
  var inventory = Inventory(Reading(state: .empty, moment: Timestamp(nanoseconds: 0), behavior: .embedded))
  /// What may be done with the cache, as it was when it was read.
  var rights = Rights()
  var isLoaded = false
  /// How often the cache was read and held something else than before: row numbers are of one such reading.
  var readingCount = 0
  /// Whether it is being read, as it is from the beginning.
  var isReading = true
  /// Whether it is to be read once more when that has ended.
  var readsAgain = false
  /// When it could not be read any more; absent where it can.
  var failedAt: Timestamp?
  /// What is shown in place of the records until they are read.
  var glimpse: (inventory: Inventory, arrangement: Arrangement)?
  /// Which records the lists show, and in which order; ``records`` follows when it is arranged.
  var choice = ListChoice()
  /// What pruning a row with all that hangs on it frees, as far as it was worked out.
  var frees: [Int: Int64] = [:]
  /// Rows for which that is being worked out.
  var freesAsked: Set<Int> = []
  var marks = Marks()
  /// A range of marks that is being chosen; absent where none is.
  var range: MarkRange?
  /// What was changed and can be taken back.
  var undos = UndoStack()
  /// Commands that were typed, the last one last.
  var typed = CommandHistory()

  var records = RecordsState()
  var graph = GraphState()
  var prune: PruneState
  var files = FilesState()
  /// The marked rows, the largest first, while the Marks screen is open.
  var marked = MarkedState()
  var detail = DetailState()
  /// Whether a question is to be asked when a removal is planned and looked through, unless something else is wanted by
  /// then.
  var asksWhenChosen = false
  /// The same for explaining a record when the reasons are known.
  var explainsWhenStood = false
  /// A record that is being held, or let go; absent where none is.
  var holding: Holding?
  /// Whether the cache is to be read anew from time to time: then ``ExplorerEvent/tick`` is wanted.
  var isWatching = false
  /// Keys that were pressed on screens so far.
  var presses = 0
  /// Which of them asked to leave though records are marked: the next one that does leaves.
  var leaveAskedBy: Int?
  /// Whether the user left.
  var hasQuit = false
  /// Whether the user went back to the list of builders.
  var isLeft = false

  /// How far holding a record, or letting go of it, has come: until it is read nobody knows what the next `H` should do.
  enum Holding {
    /// It is being done.
    case underWay
    /// It is done, and the cache was not read since.
    case unread
  }

  static let reading = "reading the cache"
  static let planning = "the plan is being made"

  /// The state before anything is read.
  init(_ options: Options, size: Size) {
    self.options = options
    self.size = size
    units = options.units
    prune = PruneState(options.prune)
  }

  /// The records.
  var cache: CacheState { inventory.reading.state }
  /// The moment from which ages are counted.
  var now: Timestamp { inventory.reading.moment }
  /// Why no prune can be planned of what was read; absent where one can.
  var planRefusal: String? { inventory.reading.planRefusal }
  /// The letters of an id that tell any two records apart.
  var idWidth: Int { inventory.idWidth }

  /// What pruning a row with all that hangs on it frees, where it is known.
  func freed(by row: Int) -> Int64? { frees[row] ?? records.arrangement.frees?[row] }

  /// The row numbers of the marked records.
  var markedRows: [Int] { marks.ids.compactMap { cache.index(of: $0) } }

  /// An id as the lists show it.
  func shortID(_ id: RecordID) -> String { String(id.text.prefix(idWidth)) }

  /// A record in a sentence.
  func named(_ row: CacheState.Row) -> String { row.named(id: shortID(row.id), cutSign: signs.ellipsis) }
}
