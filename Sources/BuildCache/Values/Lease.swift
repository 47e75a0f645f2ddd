/// What keeps snapshots from garbage collection.
public struct Lease: Sendable, Equatable {
  /// What the names of leases begin with that keep the blobs of records which were cleared away.
  static let lostPrefix = "lost/"

  /// Its name: the id of the record that it is for, with a suffix where it is for a part of it.
  public var id: String
  /// Whether it is dropped at the next open.
  public var isTemporary: Bool
  /// The snapshots that it holds.
  public var snapshots: Set<SnapshotID>
  /// The blobs that it holds.
  public var blobs: Set<Digest>

  /// Makes a lease.
  public init(id: String, isTemporary: Bool, snapshots: Set<SnapshotID> = [], blobs: Set<Digest> = []) {
    self.id = id
    self.isTemporary = isTemporary
    self.snapshots = snapshots
    self.blobs = blobs
  }
}
