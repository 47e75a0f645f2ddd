import Synchronization

/// What can be asked and kept about records by foreign programs (B14).
extension CacheManager {
  /// The live records whose content, with all beneath, has this chain id, by id.
  public func search(chainID: Digest) -> [RecordID] {
    state.withLock { live($0.index[chain: chainID], $0) }
  }

  /// The live records whose blobs, with all beneath, have this blob chain id, by id.
  public func search(blobChainID: Digest) -> [RecordID] {
    state.withLock { live($0.index[blobChain: blobChainID], $0) }
  }

  /// The live records with a foreign value of this index, by id.
  ///
  /// - Throws: ``CacheError`` `storage`.
  public func search(index: String) throws -> [RecordID] {
    let ids = try store.records(withIndex: index)
    return state.withLock { live(ids, $0) }
  }

  private func live(_ ids: Set<RecordID>, _ state: State) -> [RecordID] {
    ids.filter { state.records[$0]?.isDead == false }.sorted()
  }

  /// A value that a foreign program keeps with a record under its own key.
  ///
  /// - Throws: ``CacheError`` `notFound`, `storage`.
  public func value(_ key: String, of id: RecordID) throws -> String? {
    try state.withLock { state in
      _ = try record(id, in: state)
      return try store.value(key, of: id)
    }
  }

  /// Keeps a value with a record; it goes with the record.
  ///
  /// - Parameters:
  ///   - value: any text; nothing: drops it.
  ///   - index: by what ``search(index:)`` finds the record; absent: by nothing.
  /// - Throws: ``CacheError`` `notFound`, `badInput` where a text has a NUL, `storage`.
  public func setValue(_ key: String, of id: RecordID, to value: String?, index: String? = nil) throws {
    guard ![key, value ?? "", index ?? ""].contains(where: { $0.utf8.contains(0) }) else {
      throw CacheError(.badInput, "a value, its key and its index have no NUL characters")
    }
    try state.withLock { state in
      _ = try record(id, in: state)
      try store.apply([.putValue(record: id, key: key, value: value, index: index)])
    }
  }
}
