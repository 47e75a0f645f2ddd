import SystemPackage

/// Unpacks a layer archive onto a tree (B8).
///
/// Contract:
/// - The archive is hostile until proven otherwise: nothing outside the tree is written, links are resolved inside
///   it, and what can't be taken is refused with the name of the entry.
/// - A file of the tree is replaced, never written into: it may be another tree's too.
/// - Where it throws or is cancelled the tree is half written, and the caller removes it; nothing else is left.
public protocol LayerApplier: Sendable {
  /// Unpacks.
  ///
  /// - Parameters:
  ///   - blob: what the archive is; its bytes before compression have the diff id that it names.
  ///   - file: its bytes.
  ///   - folder: the tree, holding what the layer stands on.
  /// - Returns: what the layer removes from what it stands on, whether that is there or not.
  /// - Throws: ``CacheError`` `badArchive` naming the entry, `badDigest` where the diff id is another, `storage`.
  func apply(_ blob: BlobDescriptor, from file: FilePath, onto folder: FilePath) async throws -> [LayerRemoval]
}

/// What a layer takes away from what it stands on: whiteouts, as the OCI layer format calls them.
public struct LayerRemoval: Sendable, Equatable {
  /// The path in the tree; of an opaque folder, the folder.
  public var path: FilePath
  /// Whether the folder stays and only loses what lower layers put into it.
  public var isOpaque: Bool

  /// Makes a removal.
  public init(_ path: FilePath, isOpaque: Bool = false) {
    self.path = path
    self.isOpaque = isOpaque
  }
}

/// Makes a layer archive of what differs between two trees (B15).
///
/// Contract: what it makes, applied to the lower tree, gives the upper one; the same trees give the same bytes.
public protocol LayerDiffer: Sendable {
  /// Writes the archive.
  ///
  /// - Parameters:
  ///   - lower: before; absent: an empty tree.
  ///   - upper: after; absent: an empty tree.
  ///   - sink: where the archive's bytes go, compressed.
  /// - Returns: the media type, and the digest of the bytes before compression.
  /// - Throws: ``CacheError`` `storage`, naming what can't be read.
  func compare(lower: FilePath?, upper: FilePath?, to sink: any BlobSink) async throws
    -> (mediaType: String, diffID: Digest)
}
