/// A tree as it is to be measured.
package struct StoredTree: Sendable, Hashable {
  /// The tree.
  package var id: TreeID
  /// The tree that it stands on.
  package var parent: TreeID?
  /// What it adds, where that was known from its making.
  package var usage: Int64?

  package init(id: TreeID, parent: TreeID?, usage: Int64?) {
    self.id = id
    self.parent = parent
    self.usage = usage
  }
}

/// Measures what records take (B11): their trees and blobs.
package struct TreeMeasure: Sendable {
  /// What there is of a record.
  package struct Subject: Sendable, Hashable {
    /// Its blob, and those of the same bytes.
    package var blobs: [Digest]
    /// Its tree, where it has one.
    package var tree: StoredTree?
    /// Whether it may still be written: what was measured of it doesn't hold for long.
    package var isMutable: Bool

    package init(blobs: [Digest] = [], tree: StoredTree?, isMutable: Bool = false) {
      self.blobs = blobs
      self.tree = tree
      self.isMutable = isMutable
    }
  }

  /// What a tree that can't be measured throws, so that it is told apart from a store that fails.
  package struct Unmeasurable: Error {
    /// Why.
    package var cause: any Error
  }

  private let snapshotter: any Snapshotter
  private let content: any ContentStore

  package init(snapshotter: any Snapshotter, content: any ContentStore) {
    self.snapshotter = snapshotter
    self.content = content
  }

  /// The bytes of a record's tree and blobs; absent where it has neither.
  ///
  /// - Throws: ``Unmeasurable``, and ``CacheError`` `storage` where the content store fails.
  /// - Complexity: a walk of the tree, where what it adds isn't known from its making.
  package func bytes(of subject: Subject) async throws -> Int64? {
    let blobs = try subject.blobs.reduce(Int64(0)) { $0.addingSaturating(try content.size(of: $1) ?? 0) }
    guard let tree = subject.tree else { return blobs > 0 ? blobs : nil }
    if let usage = tree.usage { return blobs.addingSaturating(usage) }
    do {
      return blobs.addingSaturating(try await snapshotter.usage(of: tree.id, over: tree.parent))
    } catch { throw Unmeasurable(cause: error) }
  }
}
