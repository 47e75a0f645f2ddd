/// What was in a tree when it was done.
public struct TreeSeal: Sendable, Equatable {
  /// How many names it holds.
  public var entries: Int64
  /// The bytes in its files.
  public var bytes: Int64
  /// The digest of all names with their kinds, modes, owners and sizes.
  public var listing: Digest
  /// The digest of when they were changed: where this is another, contents have to be read to be sure of them. That alone
  /// is no damage, as a plain copy of a cache has new times.
  public var times: Digest
  /// The digest of what is in the files, those aside whose content the parent's tree has at the same path.
  public var contents: Digest

  /// Makes a seal.
  public init(entries: Int64, bytes: Int64, listing: Digest, times: Digest, contents: Digest) {
    self.entries = entries
    self.bytes = bytes
    self.listing = listing
    self.times = times
    self.contents = contents
  }
}
