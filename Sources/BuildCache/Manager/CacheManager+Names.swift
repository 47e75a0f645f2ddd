import Synchronization

/// Tags (G7) and holds (G8).
extension CacheManager {
  /// Points a name at a record, which is shared from then on; a name that exists is moved.
  ///
  /// - Throws: ``CacheError`` `notFound`, `badInput` for an empty name or one with control characters, `storage`.
  public func tag(_ name: String, _ id: RecordID) throws {
    guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) })
    else { throw CacheError(.badInput, "a tag's name is not empty and has no control characters") }
    try state.withLock { state in
      _ = try record(id, in: state)
      try store.apply([.putTag(Tag(name: name, record: id))])
    }
  }

  /// Drops a tag.
  ///
  /// - Throws: ``CacheError`` `notFound` where there is none, `storage`.
  public func untag(_ name: String) throws {
    guard try tags().contains(where: { $0.name == name }) else { throw CacheError(.notFound, "no tag \(name)") }
    try store.apply([.removeTag(name)])
  }

  /// All tags, by name.
  public func tags() throws -> [Tag] {
    try store.tags().sorted { $0.name < $1.name }
  }

  /// Keeps a record in use, over programs, until it is let go; holding it again changes the reason.
  ///
  /// - Throws: ``CacheError`` `notFound`, `storage`.
  public func hold(_ id: RecordID, reason: String) throws {
    try state.withLock { state in
      let record = try record(id, in: state)
      try store.apply([.putHold(Hold(record: id, reason: reason, since: dependencies.clock.now()))])
      if !record.isHeld {
        record.isHeld = true
        record.refCount += 1
      }
    }
  }

  /// Drops the hold on a record; that is no use (G8).
  ///
  /// - Throws: ``CacheError`` `notFound` where the record, or a hold on it, doesn't exist, `storage`.
  public func unhold(_ id: RecordID) throws {
    try state.withLock { state in
      let record = try record(id, in: state)
      guard record.isHeld else { throw CacheError(.notFound, "record \(id) is not held") }
      try inOneStep(&state) { state, step in
        step.keep(record)
        step.changes.append(.removeHold(id))
        record.isHeld = false
        releaseHold(on: record, &state, &step)
      }
    }
  }
}
