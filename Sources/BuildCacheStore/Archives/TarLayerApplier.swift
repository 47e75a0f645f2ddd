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

  /// Unpacks a layer.
  public func apply(_ blob: BlobDescriptor, from file: FilePath, onto folder: FilePath) async throws -> [LayerRemoval] {
    try await unpacker.unpack(ArchiveInput(file), blob.diffID(), onto: folder) { entry in
      if case .device = entry.kind, !isRoot {
        throw CacheError(.badArchive, "entry \(entry.name) is a device, which only root may make")
      }
    }
  }
}
