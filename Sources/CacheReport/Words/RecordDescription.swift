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
    public func text(in units: ByteUnits) -> String {
      switch value {
      case .text(let text): text
      case .bytes(let bytes): ByteCount(bytes).exactText(in: units)
      }
    }
  }

  /// What a fact is.
  public enum Value: Sendable, Equatable {
    /// Any text.
    case text(String)
    /// So many bytes.
    case bytes(Int64)
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
  /// The facts.
  public let fields: [Field]

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
    var fields: [(String, Value)] = [
      ("ID", .text(record.id.text)), ("Name", .text(RecordName(record.description).text)),
      ("Kind", .text(record.kind?.rawValue ?? "unknown")), (Self.descriptionField, .text(record.description)),
      ("State", .text(record.stateWords)), ("Type", .text(record.recordType.rawValue)), ("Parents", .text(parents)),
      ("Children", .text(children)), ("Size", .bytes(record.size)), ("With all beneath", .bytes(sizeWithAncestors)),
      ("Freed if pruned", .bytes(sizeWithDescendants)), ("Created at", .text(record.createdAt.text)),
      ("Last used", .text(record.lastUsedAt?.text ?? "never")), ("Usage count", .text("\(record.usageCount)")),
    ]
    if fields[1].1 == .text(record.description) { fields.remove(at: 1) }
    if let details { fields += Self.fields(details) }
    self.fields = fields.map { Field(name: $0.0, value: $0.1) }
  }

  private static func fields(_ details: RecordDetails) -> [(String, Value)] {
    let metadata = details.metadata
    var fields: [(String, Value)] = [
      ("Refs", .text("\(details.refCount)" + (details.isHeld ? ", one of them a hold" : ""))),
      ("Retained", .text(metadata.isRetained ? "yes" : "no")),
    ]
    if let mount = details.cacheMount {
      let parts = [mount.id.map { "id \($0)" }, mount.target.map { "at \($0)" }].compactMap(\.self)
      fields.append(("Cache mount", .text(parts.joined(separator: ", "))))
    }
    if let half = details.equalHalf { fields.append(("Equal half", .text(half.text))) }
    fields += [
      ("Snapshot", .text(metadata.ownSnapshot.text)), ("Tree", .text(details.folder?.string ?? "none here")),
    ]
    if let blob = metadata.blob {
      fields += [
        ("Blob", .text((blob.digest?.description ?? "none of its own") + (details.isLazy ? " (not here)" : ""))),
        ("Blob size", .bytes(blob.size)), ("Blob type", .text(blob.mediaType)),
        ("Diff id", .text(blob.diffID.description)),
      ]
    }
    if let id = metadata.chainID { fields.append(("Chain id", .text(id.description))) }
    if let id = metadata.blobChainID { fields.append(("Blob chain id", .text(id.description))) }
    for (name, values) in [("Leases", details.leases), ("Tags", details.tags), ("Images", metadata.imageRefs)]
    where !values.isEmpty {
      fields.append((name, .text(values.joined(separator: ", "))))
    }
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
