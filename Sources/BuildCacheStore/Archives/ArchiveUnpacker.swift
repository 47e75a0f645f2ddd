import BuildCache
import FileTrees
import Glibc
import Synchronization
import SystemPackage

/// Unpacks an archive: the contents of its files into a folder beside the tree, by number, and when it is known to be
/// whole each member to its place. The first needs no tree: it may be done ahead.
struct ArchiveUnpacker: Sendable {
  /// How much may still be unpacked.
  let room: UnpackRoom
  /// Told how many more bytes were unpacked.
  let progress: @Sendable (Int64) -> Void
  /// Where the digests of its files go, if they are wanted; all that is unpacked is then plainly this user's.
  var digests: FileDigests?
  var steps = DurableSteps.unwatched

  /// Unpacks.
  ///
  /// - Parameters:
  ///   - input: the archive, packed in whichever way.
  ///   - diffID: the digest that its bytes must have when it isn't compressed any more.
  ///   - folder: the tree.
  ///   - check: refuses members by throwing.
  /// - Returns: what the archive removes from what the tree held.
  /// - Throws: ``CacheError`` `badArchive` naming the entry, `badDigest` where the diff id is another, `storage`.
  func unpack(
    _ input: ArchiveInput, _ diffID: Digest? = nil, onto folder: FilePath,
    checking check: (ArchiveEntry) throws -> Void = { _ in }
  ) async throws -> [LayerRemoval] {
    let staged = try await stage(input, diffID, in: FilePath(folder.string + ".unpack"), checking: check)
    return try staged.place(onto: folder)
  }

  private struct UnpackedSoFar {
    var reader = TarReader()
    var hasher = DigestHasher()
    let stage: ArchiveStage
  }

  /// Unpacks the contents of the archive's files, of which none is at its place yet; the parameters are those of
  /// ``unpack(_:_:onto:checking:)``.
  ///
  /// - Parameter place: a folder for them, on the file system of the tree. It is made, and what was there of its name goes.
  func stage(
    _ input: ArchiveInput, _ diffID: Digest? = nil, in place: FilePath,
    checking check: (ArchiveEntry) throws -> Void = { _ in }
  ) async throws -> StagedArchive {
    try removeTree(at: place)
    try FileTrees.makeFolder(place)
    do {
      let reading = Guarded(UnpackedSoFar(stage: ArchiveStage(try Folder(place), room, digests, steps)))
      let (room, progress) = (room, progress)
      try await input.forEachPlainChunk { chunk in
        try reading.withLock { reading in
          reading.hasher.update(chunk)
          let allowed = Int(room.take(upTo: Int64(chunk.count)))
          progress(Int64(allowed))
          try reading.reader.read(allowed == chunk.count ? chunk : Array(chunk[..<allowed]), into: reading.stage)
          if allowed < chunk.count { throw room.noRoom(at: reading.reader.name) }
        }
      }
      let (entries, digest) = try reading.withLock { reading in
        try reading.reader.finish()
        return (reading.stage.entries, reading.hasher.finish())
      }
      if let diffID, digest != diffID, diffID.algorithm == digest.algorithm {
        throw CacheError(.badDigest, "it unpacks to \(digest), not to \(diffID)")
      }
      try entries.forEach(check)
      return StagedArchive(entries, digest, in: place, isDressing: digests == nil)
    } catch {
      try? removeTree(at: place)
      throw error
    }
  }
}

/// An archive that is known to be whole, and whose files wait in a folder for the tree that they are for. The folder goes
/// with it.
final class StagedArchive: Sendable {
  /// The digest of the archive's bytes when it isn't compressed any more.
  let diffID: Digest
  private let entries: [ArchiveEntry]
  private let place: FilePath
  private let isDressing: Bool

  fileprivate init(_ entries: [ArchiveEntry], _ diffID: Digest, in place: FilePath, isDressing: Bool) {
    (self.entries, self.diffID, self.place, self.isDressing) = (entries, diffID, place, isDressing)
  }

  deinit { try? removeTree(at: place) }

  /// Brings all members to their places in a tree; once.
  ///
  /// - Returns: what the archive removes from what the tree held.
  /// - Throws: ``CacheError`` `badArchive` naming the entry, `storage`; the tree is then half written.
  func place(onto folder: FilePath) throws -> [LayerRemoval] {
    var placer = LayerPlacer(onto: try Folder(folder), from: try Folder(place), isDressing: isDressing)
    return try placer.place(entries)
  }
}

/// Writes the contents of an archive's files into a folder, each under the member's number.
private final class ArchiveStage: TarSink {
  private(set) var entries: [ArchiveEntry] = []
  private let folder: Folder
  private let room: UnpackRoom
  private let digests: FileDigests?
  private let steps: DurableSteps
  private var hasher: DigestHasher?
  private var file: FileDescriptor?
  private var size: Int64 = 0
  private var end: Int64 = 0

  init(_ folder: Folder, _ room: UnpackRoom, _ digests: FileDigests?, _ steps: DurableSteps) {
    (self.folder, self.room, self.digests, self.steps) = (folder, room, digests, steps)
  }

  deinit { try? file?.close() }

  func begin(_ member: ArchiveEntry, size: Int64, stored: Int64) throws {
    try room.take(member.name, hole: size - stored)
    entries.append(member)
    guard member.kind == .file, member.role == .content else { return }
    file = try folder.makeFile(member.stageName)
    (self.size, end) = (size, 0)
    hasher = digests == nil ? nil : DigestHasher()
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
    guard let file, let entry = entries.last else { return }
    do { try file.writeAll(toAbsoluteOffset: offset, bytes) } catch {
      throw CacheError(.storage, "can't write what entry \(entry.name) holds", of: error)
    }
    if offset == end { hasher?.update(bytes[...]) } else { hasher = nil }  // holes are left to those who read it
    end = offset + Int64(bytes.count)
  }

  func finish() throws {
    guard let file, let entry = entries.last else { return }
    self.file = nil
    try file.closeAfter {
      guard end == size || ftruncate(file.rawValue, off_t(size)) == 0 else {
        throw FileError("can't make entry \(entry.name) as long as it is to be:", entry.path)
      }
      if let digest = hasher?.finish(), end == size { digests?.add(digest, of: file) }
      if digests == nil { try steps.pass("entry") { try entry.look.dress(entry.stageName, in: folder, file) } }
    }
  }
}

/// The digests of files that were hashed while they were written, by what makes names one file.
final class FileDigests: Sendable {
  private let known = Guarded<[FileIdentity: Digest]>([:])

  subscript(_ file: FileIdentity) -> Digest? { known.withLock { $0[file] } }

  func add(_ digest: Digest, of file: FileDescriptor) {
    var raw = stat()
    guard fstat(file.rawValue, &raw) == 0 else { return }
    known.withLock { $0[FileStatus(raw: raw).identity] = digest }
  }
}
