import BuildCache
import SystemPackage

/// All that is known of a record, in words: what `strata show` prints and the Detail pane shows.
public struct RecordDescription: Sendable {
  /// A fact and its name.
  public struct Field: Sendable, Equatable {
    /// What it is called.
    public let name: String
    /// What it is; any text.
    public let value: String
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
    var fields: [(String, String)] = [
      ("ID", record.id.text), ("Name", RecordName(record.description).text),
      ("Kind", record.kind?.rawValue ?? "unknown"),
      (Self.descriptionField, record.description),
      ("State", record.stateWords), ("Type", record.recordType.rawValue),
      (
        "Parents",
        Self.joined(state.parentIDs(of: row)) { id in
          state.index(of: id).map { state.rows[$0].named() } ?? id.text
        }
      ),
      ("Children", Self.joined(Set(state.children(of: row)).sorted()) { state.rows[$0].named() }),
      ("Size", Self.bytes(record.size)), ("With all beneath", Self.bytes(sizeWithAncestors)),
      ("Freed if pruned", Self.bytes(sizeWithDescendants)), ("Created at", record.createdAt.text),
      ("Last used", record.lastUsedAt?.text ?? "never"), ("Usage count", "\(record.usageCount)"),
    ]
    if fields[1].1 == record.description { fields.remove(at: 1) }
    if let details { fields += Self.fields(details) }
    self.fields = fields.map { Field(name: $0.0, value: $0.1) }
  }

  private static func fields(_ details: RecordDetails) -> [(String, String)] {
    let metadata = details.metadata
    var fields = [
      ("Refs", "\(details.refCount)" + (details.isHeld ? ", one of them a hold" : "")),
      ("Retained", metadata.isRetained ? "yes" : "no"),
    ]
    if let mount = details.cacheMount {
      let parts = [mount.id.map { "id \($0)" }, mount.target.map { "at \($0)" }].compactMap(\.self)
      fields.append(("Cache mount", parts.joined(separator: ", ")))
    }
    if let half = details.equalHalf { fields.append(("Equal half", half.text)) }
    fields += [("Snapshot", metadata.ownSnapshot.text), ("Tree", details.folder?.string ?? "none here")]
    if let blob = metadata.blob {
      fields += [
        ("Blob", (blob.digest?.description ?? "none of its own") + (details.isLazy ? " (not here)" : "")),
        ("Blob size", "\(bytes(blob.size)), \(blob.mediaType)"), ("Diff id", blob.diffID.description),
      ]
    }
    if let id = metadata.chainID { fields.append(("Chain id", id.description)) }
    if let id = metadata.blobChainID { fields.append(("Blob chain id", id.description)) }
    for (name, values) in [("Leases", details.leases), ("Tags", details.tags), ("Images", metadata.imageRefs)]
    where !values.isEmpty {
      fields.append((name, values.joined(separator: ", ")))
    }
    return fields
  }

  private static func bytes(_ size: Int64) -> String { ByteCount(size).exactText }

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
