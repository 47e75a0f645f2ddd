import BuildCache

/// A builder as JSON has it; what isn't known is left out.
public struct BuilderRow: Sendable, Equatable, Encodable {
  /// By which name people know it.
  public let name: String
  /// What it is, in a word.
  public let kind: String
  /// Where it is, in a few words.
  public let place: String
  /// How it is, in a word.
  public let state: String
  /// Why it doesn't answer.
  public let reason: String?
  /// Its version.
  public let version: String?
  /// Its records.
  public let records: Int?
  /// Their bytes.
  public let size: Int64?
  /// Of these the bytes in use.
  public let inUse: Int64?
  /// The bytes that are shared, and not in use.
  public let sharedUnused: Int64?
  /// The bytes that are neither, but internal.
  public let `internal`: Int64?
  /// The bytes that are none of these.
  public let reclaimable: Int64?
  /// Free bytes of its disk.
  public let diskFree: Int64?
  /// All bytes of its disk.
  public let diskCapacity: Int64?
  /// Its rules for collecting garbage, in words.
  public let rules: [String]?
  /// When they take something.
  public let collection: Collection?
  /// What has to be known of it, in sentences.
  public let notes: [String]

  /// When rules take something: `state` says what the numbers are of.
  public struct Collection: Sendable, Equatable, Encodable {
    /// `never`, `due` (now: `records`, `bytes`), `after` (growing by `bytes`), `byAge`, `outOfReach` (over by `bytes`).
    public let state: String
    /// So many records.
    public let records: Int?
    /// So many bytes.
    public let bytes: Int64?

    fileprivate init?(_ collection: NextCollection) {
      switch collection {
      case .unknown: return nil
      case .never: (state, records, bytes) = ("never", nil, nil)
      case .due(let count, let freed): (state, records, bytes) = ("due", count, freed)
      case .after(let growth): (state, records, bytes) = ("after", nil, growth)
      case .byAge: (state, records, bytes) = ("byAge", nil, nil)
      case .outOfReach(let over): (state, records, bytes) = ("outOfReach", nil, over)
      }
    }
  }

  /// Puts a line into it.
  public init(_ line: BuilderLine) {
    let figures = line.figures
    name = line.builder.name
    kind = line.builder.kind
    place = line.builder.place
    state = line.state
    reason = line.error?.description
    version = figures?.version
    records = figures?.totals.all.records
    size = figures?.totals.all.bytes
    inUse = figures?.totals[.inUse].bytes
    sharedUnused = figures?.totals[.sharedUnused].bytes
    `internal` = figures?.totals[.internal].bytes
    reclaimable = figures?.totals[.reclaimable].bytes
    diskFree = figures?.space?.free
    diskCapacity = figures?.space?.capacity
    rules = figures?.rules?.map { $0.words(in: .si) }
    collection = figures.flatMap { Collection($0.collection) }
    notes = figures?.notes ?? []
  }
}
