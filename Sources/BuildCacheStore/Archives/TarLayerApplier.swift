import BuildCache
import FileTrees
import SystemPackage

/// The embedded ``LayerApplier``: nothing of a layer comes into the tree before it is known to be whole.
public struct TarLayerApplier: LayerApplier {
  private let unpacker: ArchiveUnpacker

  /// Makes an applier.
  ///
  /// - Parameters:
  ///   - maxUnpacked: the bytes that all layers together may have before compression; absent: 64 GB.
  ///   - progress: told how many more bytes were unpacked.
  ///   - steps: what every entry passes, for tests.
  public init(
    maxUnpacked: Int64? = nil, progress: @escaping @Sendable (Int64) -> Void = { _ in },
    steps: DurableSteps = .unwatched
  ) {
    unpacker = ArchiveUnpacker(room: UnpackRoom(maxUnpacked), progress: progress, steps: steps)
  }

  /// The layer that was unpacked ahead for what runs in this task: ``apply(_:from:onto:)`` need only place it.
  ///
  /// It comes by the task, as the manager between has no part in it. Where another task is at the same layer just then,
  /// that one unpacks it itself, and this is for nothing.
  @TaskLocal static var ahead: StagedArchive?

  /// Unpacks a layer ahead of its tree.
  ///
  /// - Parameters:
  ///   - diffID: the digest that its bytes must have before compression; absent: the result tells it.
  ///   - place: a folder for its files, on the file system of the trees; it is made.
  ///   - count: told how many more bytes of the blob were read.
  func stage(
    _ file: FilePath, _ diffID: Digest?, in place: FilePath, counting count: @escaping @Sendable (Int64) -> Void
  )
    async throws -> StagedArchive
  {
    try await unpacker.stage(ArchiveInput(file, counting: count), diffID, in: place, checking: Self.check)
  }

  /// Unpacks a layer.
  public func apply(_ blob: BlobDescriptor, from file: FilePath, onto folder: FilePath) async throws -> [LayerRemoval] {
    let diffID = try blob.diffID()
    if let ahead = Self.ahead, ahead.diffID == diffID { return try ahead.place(onto: folder) }
    return try await unpacker.unpack(ArchiveInput(file), diffID, onto: folder, checking: Self.check)
  }

  private static func check(_ entry: ArchiveEntry) throws {
    if case .device = entry.kind, !isRoot {
      throw CacheError(.badArchive, "entry \(entry.name) is a device, which only root may make")
    }
  }
}
