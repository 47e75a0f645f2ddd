/// A tree on disk under a name.
public struct Snapshot: Sendable, Equatable {
  /// What may be done with a snapshot.
  public enum Kind: Int, Sendable {
    /// It is being written.
    case active = 1
    /// It is looked at: another name of its parent's tree.
    case view = 2
    /// It is done; nobody writes to it any more.
    case committed = 3
  }

  /// Its name.
  public var id: SnapshotID
  /// The snapshot that it stands on.
  public var parent: SnapshotID?
  /// What may be done with it.
  public var kind: Kind
  /// Where its tree is.
  public var tree: TreeID
  /// What it adds in bytes, where that was known when it was made; otherwise it is measured.
  public var usage: Int64?
  /// What was in the tree when it was done, so that damage shows; absent while it is written.
  public var seal: TreeSeal?

  /// Makes a snapshot.
  public init(
    id: SnapshotID, parent: SnapshotID?, kind: Kind, tree: TreeID, usage: Int64? = nil, seal: TreeSeal? = nil
  ) {
    self.id = id
    self.parent = parent
    self.kind = kind
    self.tree = tree
    self.usage = usage
    self.seal = seal
  }
}
