import Synchronization
import SystemPackage

/// A counted handle on a record that can't be written: whoever holds one keeps the record from being pruned.
///
/// Call ``release()`` when done; a ref that is merely forgotten holds its record until the manager is closed.
public final class ImmutableRef: Sendable {
  /// The record's id.
  public let id: RecordID
  /// Who provides the blobs of a lazy record.
  public let providers: BlobProviders
  let manager: CacheManager
  let handle: Handle

  init(_ handle: Handle, _ manager: CacheManager, _ providers: BlobProviders) {
    id = handle.record.id
    self.handle = handle
    self.manager = manager
    self.providers = providers
  }

  /// Another ref on the same record that doesn't count as use (A2).
  public func clone() -> ImmutableRef {
    manager.state.withLock { _ in ImmutableRef(Handle(on: handle.record, countsAsUse: false), manager, providers) }
  }

  /// Fresh refs on the layers that its tree consists of, lowest first (B6); they don't count as use.
  public func layerChain() -> [ImmutableRef] {
    manager.state.withLock { _ in
      handle.record.layerChain.map { ImmutableRef(Handle(on: $0, countsAsUse: false), manager, providers) }
    }
  }

  /// The blobs of its layers, lowest first (B15).
  ///
  /// - Parameter making: whether blobs that are missing are made; a layer that has one keeps it.
  /// - Throws: ``CacheError`` `noBlobs` where one is missing and none is to be made, `storage`; blobs that were made
  ///   until then stay.
  public func blobs(making: Bool) async throws -> [BlobDescriptor] {
    try await manager.blobs(of: handle.record, making: making)
  }

  /// Says of a blob in the content store that it is this record's own, compressed otherwise (B15).
  ///
  /// - Throws: ``CacheError`` `needsRemoteProvider` where it isn't there, `noBlobs` where the record has none of its
  ///   own, `storage`; nothing is changed.
  public func addVariant(_ blob: Digest) throws {
    try manager.addVariant(blob, to: handle.record)
  }

  /// Lets go (A3, A4); does nothing the second time.
  ///
  /// - Throws: ``CacheError`` `storage`; the ref is released all the same, only its use may not be stored.
  public func release() throws {
    try manager.release(handle)
  }

  /// Parts it from the mutable record that it was committed from (B3); does nothing where it is no half of a pair.
  ///
  /// - Throws: ``CacheError`` `storage`, also where the snapshot is gone; the pair is as it was.
  public func finalize() async throws {
    try await manager.finalize(handle.record)
  }

  /// Makes its snapshot exist (B8): a merge, a diff and a blob have none until then. Its blob is fetched where need be.
  ///
  /// - Throws: ``CacheError``; no snapshot was made.
  public func extract() async throws {
    try await manager.extract(handle.record, providers)
  }

  /// The bytes that it adds to its parents (B11); measured at most once.
  public func size() async throws -> Int64 {
    try await manager.size(of: handle.record)
  }

  /// A folder with its tree (B13): not to be written where `readOnly`.
  ///
  /// - Parameter readOnly: false finalizes the half of a pair first.
  /// - Returns: the folder, good for as long as the ref is held.
  public func mount(readOnly: Bool = true) async throws -> FilePath {
    try await manager.mount(handle.record, readOnly: readOnly, providers)
  }

  /// What is stored of the record.
  public var metadata: RecordMetadata {
    manager.metadata(of: handle.record)
  }

  /// Changes what the record says of itself: description, type, creation time, retain policy (B14).
  ///
  /// - Throws: ``CacheError`` `storage`; nothing is changed.
  public func update(_ change: (inout RecordOptions) -> Void) throws {
    try manager.update(handle.record, change)
  }
}

/// The one handle on a record that is being written.
public final class MutableRef: Sendable {
  /// The record's id.
  public let id: RecordID
  /// Who provides the blobs of what it stands on; a commit is given them.
  public let providers: BlobProviders
  let manager: CacheManager
  let handle: Handle

  init(_ handle: Handle, _ manager: CacheManager, _ providers: BlobProviders) {
    id = handle.record.id
    self.handle = handle
    self.manager = manager
    self.providers = providers
  }

  /// Makes an immutable record of what was written; nothing is copied until it is finalized (B2).
  ///
  /// The ref is used up by it, as a rule: who releases it later takes the immutable record away too, finalized or not,
  /// unless one of the two is retained (A5).
  ///
  /// - Throws: ``CacheError`` `invalid` where nobody holds the record any more, `storage`; no record was made.
  public func commit() throws -> ImmutableRef {
    try manager.commit(handle, providers)
  }

  /// Lets go (A5): a record without retain policy goes with its last ref, and its equal half with it.
  ///
  /// - Throws: ``CacheError`` `storage`; the ref is released all the same.
  public func release() throws {
    try manager.release(handle)
  }

  /// The folder to write to: the same for as long as the record has refs (B13).
  public func mount() async throws -> FilePath {
    try await manager.mount(handle.record, readOnly: false, providers)
  }

  /// What is stored of the record.
  public var metadata: RecordMetadata {
    manager.metadata(of: handle.record)
  }

  /// Changes what the record says of itself: description, type, creation time, retain policy (B14).
  ///
  /// - Throws: ``CacheError`` `storage`; nothing is changed.
  public func update(_ change: (inout RecordOptions) -> Void) throws {
    try manager.update(handle.record, change)
  }
}

extension CacheManager {
  func metadata(of record: Record) -> RecordMetadata {
    state.withLock { _ in record.metadata }
  }

  func update(_ record: Record, _ change: (inout RecordOptions) -> Void) throws {
    let before = metadata(of: record)
    var options = RecordOptions(
      description: before.description, recordType: before.recordType, createdAt: before.createdAt,
      retain: before.isRetained)
    change(&options)
    let wanted = options
    try state.withLock { state in
      var metadata = record.metadata
      wanted.apply(to: &metadata)
      if state.records[record.id] === record {
        try store.apply([.updateRecord(metadata)])
      } else if hasOwnTree(record) {
        let before = record.remnant
        do { try store.apply([record.rewrite(at: dependencies.clock.now()) { wanted.apply(to: &$0) }]) } catch {
          record.takeBack(before)
          throw error
        }
      }
      record.metadata = metadata
    }
  }
}
