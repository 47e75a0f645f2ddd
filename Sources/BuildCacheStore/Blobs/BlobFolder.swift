import BuildCache
import FileTrees
import Foundation
import Glibc
import Synchronization
import SystemPackage

/// The embedded ``ContentStore``: a file a blob, `blobs/<algorithm>/<hex>`, as in an OCI image layout.
///
/// A blob is written to a file of its own beside them and takes its name when it is whole and on the disk.
public final class BlobFolder: ContentStore {
  private let top: FilePath
  /// Where blobs are written: `top`, or a folder aside.
  private let written: FilePath
  private let staging: FilePath
  private let steps: DurableSteps

  /// Makes a store over a folder, which is made where it is missing; what was half written there is removed.
  ///
  /// - Throws: ``CacheError`` `storage` naming the folder.
  public init(_ folder: FilePath, _ access: FolderAccess = .write, steps: DurableSteps = .unwatched) throws {
    top = folder
    self.steps = steps
    written = access.written(over: folder)
    staging = written.appending("staging")
    guard access != .read else { return }
    for part in [written, written.appending("sha256"), written.appending("sha512"), staging] {
      try makeFolderIfMissing(part)
    }
    // A name that no blob in the making has is not ours.
    for name in try names(in: staging) where UUID(uuidString: name.string) != nil {
      try removeTree(at: staging.appending(name))
    }
  }

  private func place(of digest: Digest, in folder: FilePath) -> FilePath {
    folder.appending(digest.algorithm).appending(digest.hex)
  }

  /// The file of a blob and what is known of it, wherever it is.
  private func found(_ digest: Digest) throws -> (file: FilePath, status: FileStatus)? {
    for folder in written == top ? [top] : [written, top] {
      let file = place(of: digest, in: folder)
      guard let status = try FileStatus(of: file) else { continue }
      guard status.isRegular else { throw CacheError(.storage, "\(file) is no regular file, as blobs are") }
      return (file, status)
    }
    return nil
  }

  /// The size of a blob's file.
  public func size(of digest: Digest) throws -> Int64? {
    try found(digest)?.status.length
  }

  /// A blob's file.
  public func file(of digest: Digest) throws -> FilePath {
    guard let found = try found(digest) else { throw CacheError(.notFound, "blob \(digest) is not here") }
    return found.file
  }

  /// Writes a blob; one that is there already is not written again, but is read through all the same.
  public func write<T: Sendable>(expecting expected: Digest?, _ body: (any BlobSink) async throws -> T) async throws
    -> (digest: Digest, size: Int64, result: T)
  {
    let part = staging.appending(UUID().uuidString)
    let sink = try FileSink(part)
    do {
      let result = try await body(sink)
      try Task.checkCancellation()
      let (digest, size) = try steps.pass("bytes of a blob") { try sink.finish() }
      if let expected, expected != digest, expected.algorithm == digest.algorithm {
        throw CacheError(.badDigest, "the bytes of blob \(expected) are those of \(digest)")
      }
      if let expected, expected.algorithm != digest.algorithm {
        throw CacheError(.badDigest, "blob \(expected) can't be checked: only sha256 is known here")
      }
      guard try steps.pass("blob", { try name(part, digest) }) else { throw FileError("can't store", part, EXDEV) }
      return (digest, size, result)
    } catch {
      sink.abandon()
      try? removeTree(at: part)
      throw error
    }
  }

  /// Takes a file as a blob, by its name alone: it is not copied, and was hashed while it was written.
  ///
  /// - Parameter file: a plain file of this user's, not to be written to any more.
  /// - Returns: whether it was taken; not where it is on another file system.
  func adopt(_ file: FilePath, as digest: Digest) throws -> Bool {
    let descriptor = try FileDescriptor.reading(file)
    try descriptor.closeAfter {
      try steps.pass("bytes of a blob") {
        guard fsync(descriptor.rawValue) == 0 else { throw FileError("can't write", file) }
      }
    }
    return try steps.pass("blob") { try name(file, digest) }
  }

  /// Gives a file the name of a blob; says whether it is on this file system.
  private func name(_ file: FilePath, _ digest: Digest) throws -> Bool {
    let place = place(of: digest, in: written)
    guard file.withPlatformString({ file in place.withPlatformString { rename(file, $0) } }) == 0 else {
      if errno == EXDEV { return false }
      throw FileError("can't store", place)
    }
    try synchronize(folder: place.removingLastComponent())
    return true
  }

  /// Removes a blob's file.
  public func remove(_ digest: Digest) throws {
    try steps.pass("removal of a blob") { try removeTree(at: place(of: digest, in: written)) }
  }

  /// The blobs that have a file; of those aside, if they are written aside.
  public func digests() throws -> [Digest] {
    try ["sha256", "sha512"].flatMap { algorithm in
      let folder = written.appending(algorithm)
      guard try FileStatus(of: folder) != nil else { return [Digest]() }
      return try names(in: folder).compactMap { try? Digest(parsing: "\(algorithm):\($0.string)") }
    }
  }
}

/// Writes a file and works out the digest of what it writes.
private final class FileSink: BlobSink {
  private struct State {
    var file: FileDescriptor?
    var hasher = DigestHasher()
  }
  private let path: FilePath
  private let state: Guarded<State>

  init(_ path: FilePath) throws {
    self.path = path
    do {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite])
      state = Guarded(State(file: file))
    } catch {
      throw CacheError(.storage, "can't write \(path)", of: error)
    }
  }

  func write(_ bytes: [UInt8]) throws {
    try state.withLock { state in
      guard let file = state.file else { throw CacheError(.storage, "\(path) is closed already") }
      state.hasher.update(bytes)
      do { try file.writeAll(bytes) } catch {
        throw CacheError(.storage, "can't write \(path)", of: error)
      }
    }
  }

  /// Makes what was written durable.
  func finish() throws -> (Digest, Int64) {
    try state.withLock { state in
      guard let file = state.file else { throw CacheError(.storage, "\(path) is closed already") }
      guard fsync(file.rawValue) == 0 else { throw FileError("can't write", path) }
      state.file = nil
      try file.close()
      return (state.hasher.finish(), state.hasher.count)
    }
  }

  func abandon() {
    state.withLock { state in
      try? state.file?.close()
      state.file = nil
    }
  }
}
