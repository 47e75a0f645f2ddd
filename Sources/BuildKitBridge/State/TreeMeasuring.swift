import BuildCache
import FileTrees

extension SnapshotTree {
  /// The bytes of all that is in it, as its daemon counts: blocks of the disk with its folders, or bytes of its files; a
  /// file with several names once.
  ///
  /// - Throws: ``CacheError`` `storage` naming what can't be read, `CancellationError`.
  /// - Complexity: a walk of the tree.
  func bytes() throws -> Int64 {
    var bytes: Int64 = 0
    var counted: Set<FileIdentity> = []
    try TreeComparison(lower: nil, upper: folder, care: .status).walk { step in
      switch step {
      case .enter(_, let status, _):
        if !countsFileBytes { bytes = bytes.addingSaturating(status.bytes) }
      case .entry(_, let status, _):
        guard !status.hasOtherNames || counted.insert(status.identity).inserted else { return }
        bytes = bytes.addingSaturating(countsFileBytes ? status.length : status.bytes)
      default: break
      }
    }
    return bytes
  }
}
