import BuildCache
import SystemPackage

/// All that is known of a record, in words: what `strata show` prints and the Detail pane shows.
public struct RecordDescription: Sendable {
  /// A fact and its name.
  public struct Field: Sendable, Equatable {
    /// What it is called.
    public let name: String
    /// What it is.
    public let value: Value

    /// What it is, in words; any text.
    ///
    /// - Parameters:
    ///   - units: how sizes are written.
    ///   - clock: by which times are written.
    ///   - now: the moment from which ages are counted.
    public func text(in units: ByteUnits, by clock: LocalTime, at now: Timestamp) -> String {
      switch value {
      case .text(let text): text
      case .bytes(let bytes): ByteCount(bytes).exactText(in: units)
      case .time(let time): time.map { clock.words(for: $0, at: now) } ?? "never"
      }
    }
  }

  /// What a fact is.
  public enum Value: Sendable, Equatable {
    /// Any text.
    case text(String)
    /// So many bytes.
    case bytes(Int64)
    /// When something was; absent: never.
    case time(Timestamp?)
  }

  /// The name of the fact that is the whole description: after it comes what is known besides.
  public static let descriptionField = "Description"

  /// The record.
  public let id: RecordID
  /// Its row.
  public let row: Int
  /// What its source knows beside the row.
  public let details: RecordDetails?
  /// Its bytes with those of all that it stands on: what it takes to have it.
  public let sizeWithAncestors: Int64
  /// Its bytes with those of all that hangs on it: what goes where it is pruned.
  public let sizeWithDescendants: Int64
  /// The facts, what one comes for first.
  public let fields: [Field]
  /// The facts of whoever looks into the store itself.
  public let technicalFields: [Field]

  /// Describes a row.
  ///
  /// - Complexity: O(ancestors, descendants and their edges).
  public init(_ state: CacheState, _ row: Int, details: RecordDetails?) {
    id = state.rows[row].id
    self.row = row
    self.details = details
    sizeWithAncestors = state.sizeWithAncestors(of: row)
    sizeWithDescendants = state.sizeWithDescendants(of: row)
    let record = state.rows[row]
    let parents = Self.joined(state.parentIDs(of: row)) { id in
      state.index(of: id).map { state.rows[$0].named() } ?? id.text
    }
    let children = Self.joined(Set(state.children(of: row)).sorted()) { state.rows[$0].named() }
    let name = RecordName(record.description).text
    fields =
      [Field("ID", record.id.text)] + (name == record.description ? [] : [Field("Name", name)])
      + [
        Field("Kind", record.kind?.rawValue ?? "unknown"), Field(Self.descriptionField, record.description),
        Field("State", record.stateWords), Field(name: "Size", value: .bytes(record.size)),
        Field(name: "Freed if pruned", value: .bytes(sizeWithDescendants)),
        Field(name: "With all beneath", value: .bytes(sizeWithAncestors)),
        Field(name: "Last used", value: .time(record.lastUsedAt)), Field("Usage count", "\(record.usageCount)"),
        Field(name: "Created at", value: .time(record.createdAt)), Field("Type", record.recordType.rawValue),
        Field("Parents", parents), Field("Children", children),
      ] + (details.map(Self.fields) ?? [])
    technicalFields = details.map(Self.technicalFields) ?? []
  }

  /// Who holds it, and by which names it is known.
  private static func fields(_ details: RecordDetails) -> [Field] {
    var fields = [Field("Refs", "\(details.refCount)" + (details.isHeld ? ", one of them a hold" : ""))]
    if let mount = details.cacheMount {
      let parts = [mount.id.map { "id \($0)" }, mount.target.map { "at \($0)" }].compactMap(\.self)
      fields.append(Field("Cache mount", parts.joined(separator: ", ")))
    }
    return fields
      + [("Tags", details.tags), ("Images", details.metadata.imageRefs)].filter { !$1.isEmpty }.map { name, values in
        Field(name, values.joined(separator: ", "))
      }
  }

  /// How it is stored.
  private static func technicalFields(_ details: RecordDetails) -> [Field] {
    let metadata = details.metadata
    var fields = [Field("Retained", metadata.isRetained ? "yes" : "no")]
    if let half = details.equalHalf { fields.append(Field("Equal half", half.text)) }
    fields += [
      Field("Snapshot", metadata.ownSnapshot.text), Field("Tree", details.folder?.string ?? "none here"),
    ]
    if let blob = metadata.blob {
      fields += [
        Field("Blob", (blob.digest?.description ?? "none of its own") + (details.isLazy ? " (not here)" : "")),
        Field(name: "Blob size", value: .bytes(blob.size)), Field("Blob type", blob.mediaType),
        Field("Diff id", blob.diffID.description),
      ]
    }
    if let id = metadata.chainID { fields.append(Field("Chain id", id.description)) }
    if let id = metadata.blobChainID { fields.append(Field("Blob chain id", id.description)) }
    if !details.leases.isEmpty { fields.append(Field("Leases", details.leases.joined(separator: ", "))) }
    return fields
  }

  /// Some of many: a base may have thousands of children.
  private static func joined<Record>(_ records: [Record], name: (Record) -> String) -> String {
    let most = 100
    if records.isEmpty { return "none" }
    return records.prefix(most).map(name).joined(separator: ", ")
      + (records.count > most ? " and \(records.count - most) more" : "")
  }
}

extension RecordDescription.Field {
  fileprivate init(_ name: String, _ text: String) { self.init(name: name, value: .text(text)) }
}

extension CacheState.Row {
  /// What holds for a record, in words: state is never told by a sign alone.
  public var stateWords: String {
    let words = [
      inUse ? "in use" : nil, isShared ? "shared" : nil, isMutable ? "mutable" : nil,
      isLazy ? "lazy" : nil, recordType.isKeptUnlessAll ? "internal" : nil,
    ].compactMap(\.self)
    return words.isEmpty ? "-" : words.joined(separator: ",")
  }
}
