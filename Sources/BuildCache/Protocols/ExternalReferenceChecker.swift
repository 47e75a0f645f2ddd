/// Knows what outside the cache uses its records, as an image store does.
public protocol ExternalReferenceChecker: Sendable {
  /// Looks outside once. What it answers tells, for any number of records, whether something uses that very one.
  func look() throws -> @Sendable (RecordID) -> Bool
}

/// The checker of the embedded default: a record is used outside if a tag names it (G7).
public struct TagReferences: ExternalReferenceChecker {
  private let store: any MetadataStore

  /// Makes a checker that asks a store for its tags.
  public init(_ store: any MetadataStore) {
    self.store = store
  }

  /// Reads the tags.
  public func look() throws -> @Sendable (RecordID) -> Bool {
    let tagged = Set(try store.tags().map(\.record))
    return { tagged.contains($0) }
  }
}
