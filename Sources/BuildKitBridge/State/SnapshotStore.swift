import BuildCache
import SystemPackage

/// What a daemon knows of the trees and blobs under its records, read once.
///
/// Contract: nothing is locked, made or kept open; what is missing is not guessed.
protocol SnapshotStore: Sendable {
  /// Whether snapshots' files are here, not their databases alone.
  var hasTrees: Bool { get }
  /// What has to be known of it, in sentences.
  var notes: [String] { get }
  /// Bytes of blobs that the build history alone has; absent where there is none.
  var history: Int64? { get }

  /// What a snapshot takes on the disk.
  func usage(of snapshot: SnapshotID) -> SnapshotUsage
  /// A blob's bytes; absent where it isn't here.
  func blobSize(_ digest: Digest) -> Int64?
  /// Other compressions of the same layer that are here.
  func variants(of digest: Digest) -> [Digest]
  /// How many layers an image has at most, of those that digest chains are compared with.
  var longestImage: Int { get }
  /// Whether an image uses a record.
  ///
  /// - Parameter chain: its digest chain (B7), those beyond ``longestImage`` cut.
  func isReferenced(_ record: RecordMetadata, chain: () -> [Digest?]) -> Bool
  /// The folder that holds what a snapshot adds.
  func tree(of snapshot: SnapshotID) -> SnapshotTree?
  /// Bytes of snapshots and blobs that are not among these; 0 where others than the cache keep theirs there.
  func unowned(snapshots: some Sequence<SnapshotID>, blobs: Set<Digest>) -> Int64
  /// The leases that keep a snapshot or a blob.
  func leases(holding snapshot: SnapshotID, or blob: Digest?) throws -> [String]
}

/// What a snapshot takes on the disk, as far as the databases tell.
enum SnapshotUsage: Equatable {
  case bytes(Int64)
  /// There is no such snapshot.
  case absent
  /// It has to be counted: the daemon didn't yet.
  case uncounted(SnapshotTree)
  /// It can't be known.
  case unknown
}

/// A folder of what a snapshot adds to those beneath it.
struct SnapshotTree: Equatable, Sendable {
  let folder: FilePath
  /// Whether the daemon counts bytes of files rather than blocks of the disk.
  let countsFileBytes: Bool
}
