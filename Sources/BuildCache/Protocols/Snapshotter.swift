import SystemPackage

/// The number of a tree on disk.
public typealias TreeID = Int64

/// Keeps file trees on disk by number. Names, parents and leases of snapshots are the ``MetadataStore``'s.
///
/// Contract:
/// - A tree is written only between ``prepare(_:copying:)`` and the moment its snapshot is committed; from then on
///   it never changes, and other trees may share its files.
/// - A tree that may be written shares no file with any other.
/// - A call that throws, or is cancelled, leaves nothing of the tree that it was to make.
/// - Calls for different trees may run side by side.
public protocol Snapshotter: Sendable {
  /// A number that no tree has or had; nothing is on disk yet.
  func newTree() throws -> TreeID

  /// Makes a tree that may be written: a copy of another, or empty.
  func prepare(_ tree: TreeID, copying parent: TreeID?) async throws

  /// Makes a tree for a layer to be unpacked onto: it shares the files of another, so they may be replaced, not written.
  func prepare(_ tree: TreeID, sharing parent: TreeID?) async throws

  /// Keeps what a layer removes from what it stands on, for merges that lay it over something else.
  func keep(_ removals: [LayerRemoval], of tree: TreeID) async throws

  /// Makes a tree durable that nobody writes any more, and says what is in it, so that damage can be told later.
  ///
  /// - Returns: its seal, and the bytes that it adds to its parent (B11).
  /// - Throws: ``CacheError`` `storage`; the tree may not survive a power cut then, and is not to be named.
  /// - Complexity: a walk of both trees, and a read of all files that differ.
  func seal(_ tree: TreeID, over parent: TreeID?) async throws -> (seal: TreeSeal, usage: Int64)

  /// What is wrong with a tree that was sealed: it is missing, or holds something else than it did.
  ///
  /// - Parameters:
  ///   - deep: whether contents are read in any case; otherwise names, kinds, sizes and owners are compared, and contents
  ///     where times are not what they were.
  /// - Returns: what is wrong, in words; nothing where the tree is as it was.
  /// - Throws: `CancellationError`.
  func damage(of tree: TreeID, over parent: TreeID?, _ seal: TreeSeal, deep: Bool) async throws -> String?

  /// Lets a tree that nobody writes any more share with its parent what is the same. It changes no content.
  func settle(_ tree: TreeID, over parent: TreeID) async throws

  /// Makes a tree by applying differences in order to an empty one (B8).
  ///
  /// - Returns: the bytes that the tree adds to what its sources hold.
  func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64

  /// The bytes that a tree adds to its parent, counted as overlayfs would store them (B11); 0 where it is gone.
  ///
  /// - Complexity: a walk of both trees.
  func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64

  /// Where a tree is.
  func folder(of tree: TreeID) -> FilePath

  /// Removes a tree; does nothing where there is none.
  func remove(_ tree: TreeID) async throws

  /// The trees on disk.
  func trees() throws -> [TreeID]
}
