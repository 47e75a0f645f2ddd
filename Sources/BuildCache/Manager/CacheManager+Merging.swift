import Synchronization

/// Records made of others: merges (B4), diffs (B5).
extension CacheManager {
  /// Makes a record that is its parents' layers, applied in order (B4).
  ///
  /// A parent that is itself a merge is replaced by its own parents; of one that is left a clone is answered.
  ///
  /// - Parameters:
  ///   - parents: lowest first; absent ones are skipped.
  ///   - options: what the record says of itself.
  /// - Returns: the new record, or nothing where no parent is left.
  /// - Throws: ``CacheError``; no record was made.
  public func merge(_ parents: [ImmutableRef?], _ options: RecordOptions = RecordOptions()) async throws
    -> ImmutableRef?
  {
    let flat = state.withLock { _ in
      parents.compactMap(\.self).flatMap { ref in
        (ref.handle.record.kind == .merge ? ref.handle.record.parents : [ref.handle.record])
          .map { ImmutableRef(Handle(on: $0, countsAsUse: false), self, ref.providers) }
      }
    }
    guard flat.count > 1 else { return flat.first }
    defer { for ref in flat { try? ref.release() } }  // the record holds its parents itself by then
    for ref in flat { try await ref.finalize() }
    let providers = Self.combined(flat)
    return try state.withLock { state in
      let parents = flat.map(\.handle.record)
      let record = try inOneStep(&state) { make(.merge(parents.map(\.id)), parents, options, &$0, &$1) }
      return ImmutableRef(Handle(on: record, countsAsUse: true), self, providers)
    }
  }

  /// Makes a record of what changed from one tree to another (B5).
  ///
  /// Where the upper has the lower beneath it, two or more layers further down, the answer is a merge of those
  /// layers, each as the diff from its own parent; such a merge does not take the options.
  ///
  /// - Parameters:
  ///   - lower: before; required.
  ///   - upper: after; absent: an empty tree.
  ///   - options: what the record says of itself.
  /// - Throws: ``CacheError`` (`lowerRequired`); no record was made.
  public func diff(lower: ImmutableRef?, upper: ImmutableRef?, _ options: RecordOptions = RecordOptions()) async throws
    -> ImmutableRef
  {
    guard let lower else { throw CacheError(.lowerRequired, "a diff needs its lower record") }
    let sides = [lower.clone()] + [upper?.clone()].compactMap(\.self)
    defer { for ref in sides { try? ref.release() } }  // the record holds its parents itself by then
    for ref in sides { try await ref.finalize() }
    let providers = Self.combined(sides)
    return try state.withLock { state in
      let extra = upper.map { layers(of: $0.handle.record, over: lower.handle.record) } ?? []
      guard !extra.isEmpty else {
        let parents = [lower.handle.record] + [upper?.handle.record].compactMap(\.self)
        let record = try inOneStep(&state) {
          make(.diff(lower: lower.id, upper: upper?.id), parents, options, &$0, &$1)
        }
        return ImmutableRef(Handle(on: record, countsAsUse: true), self, providers)
      }
      // The layers' diffs and their merge are one step: nobody knows of them where it was not made.
      let merge = try inOneStep(&state) { state, step in
        let parents = extra.map { layer in
          guard layer.kind == .layer, let parent = layer.parents.first else { return layer }
          let text = "diff \"\(parent.id)\" -> \"\(layer.id)\""
          return make(
            .diff(lower: parent.id, upper: layer.id), [parent, layer], RecordOptions(description: text), &state, &step)
        }
        return make(.merge(parents.map(\.id)), parents, RecordOptions(), &state, &step)
      }
      return ImmutableRef(Handle(on: merge, countsAsUse: true), self, providers)
    }
  }

  /// Who provides blobs for any of several records; a later one's goes before (B4).
  private static func combined(_ refs: [ImmutableRef]) -> BlobProviders {
    refs.reduce(into: [:]) { $0.merge($1.providers) { $1 } }
  }

  /// The layers that `upper` has beyond `lower`, where lower's chain begins upper's and at least two are left.
  private func layers(of upper: Record, over lower: Record) -> ArraySlice<Record> {
    let below = lower.layerChain
    let above = upper.layerChain
    guard above.count > below.count + 1, zip(below, above).allSatisfy({ $0.id == $1.id }) else { return [] }
    return above[below.count...]
  }

  /// Makes a record without a snapshot; its lease holds the name that an extraction will give it (B8).
  private func make(
    _ parentIDs: ParentIDs, _ parents: [Record], _ options: RecordOptions, _ state: inout State, _ step: inout Step
  ) -> Record {
    let id = dependencies.identities.newID()
    var metadata = RecordMetadata(
      id: id, parents: parentIDs, isCommitted: true, snapshot: SnapshotID(of: id), createdAt: dependencies.clock.now())
    options.apply(to: &metadata)
    step.changes += [
      .putLease(id.text, isTemporary: false), .leaseSnapshot(metadata.snapshot, lease: id.text), .putRecord(metadata),
    ]
    return step.insert(metadata, parents: parents, &state)
  }
}
