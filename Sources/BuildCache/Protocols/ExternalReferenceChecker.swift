/// Knows what outside the cache uses its records, as an image store does.
public protocol ExternalReferenceChecker: Sendable {
  /// Looks outside once. What it answers tells, for any number of records, whether something uses that very one.
  ///
  /// - Parameter digests: a record's digest chain (B7), for any id: the checker may know other records by theirs.
  /// - Returns: answers for a record by its id and digest chain, which is worked out only where it is asked for; layers
  ///   without a blob have an empty place there.
  func look(_ digests: (RecordID) -> [Digest?]?) throws -> (RecordID, () -> [Digest?]) -> Bool
}

/// The checker of the embedded default: a record is used outside if a tag names it, or one of the same blobs (G7).
public struct TagReferences: ExternalReferenceChecker {
  private let store: any MetadataStore

  /// Makes a checker that asks a store for its tags.
  public init(_ store: any MetadataStore) {
    self.store = store
  }

  /// Reads the tags.
  public func look(_ digests: (RecordID) -> [Digest?]?) throws -> (RecordID, () -> [Digest?]) -> Bool {
    Self.rule(Set(try store.tags().map(\.record)), digests)
  }

  /// The rule itself, for records of which some are tagged.
  package static func rule(_ tagged: Set<RecordID>, _ digests: (RecordID) -> [Digest?]?)
    -> (RecordID, () -> [Digest?]) -> Bool
  {
    let chains = Set(tagged.compactMap(digests).filter { !$0.contains(nil) })
    return { id, chain in tagged.contains(id) || (!chains.isEmpty && chains.contains(chain())) }
  }
}
