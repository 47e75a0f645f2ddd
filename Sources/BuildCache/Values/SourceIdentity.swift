/// What tells a source from others.
public struct SourceIdentity: Sendable, Hashable {
  /// What sort of source it is.
  public enum Kind: String, Sendable, Hashable {
    /// Strata's own cache in a folder.
    case embedded
    /// A list of disk usage in a file.
    case list
    /// The folder of a daemon.
    case stateFolder
    /// A daemon that is asked.
    case daemon
  }

  /// What sort of source it is.
  public var kind: Kind
  /// What it is, in a few words for a screen: a root, a file.
  public var words: String
  /// The same for the same cache, and for no other one.
  public var key: String

  /// Makes an identity.
  public init(kind: Kind, words: String, key: String) {
    self.kind = kind
    self.words = words
    self.key = key
  }
}
