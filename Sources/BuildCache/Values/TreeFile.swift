import SystemPackage

/// A name in a record's tree.
public struct TreeFile: Sendable, Equatable {
  /// The name; it may not be UTF-8.
  public let name: FilePath.Component
  /// Whether it is a folder.
  public let isFolder: Bool
  /// What the disk gives for it and all beneath it, a file with several names once.
  public let bytes: Int64
  /// What a link points at.
  public let target: String?

  /// What it hides of the trees beneath, where the tree is a layer's own.
  public var hides: Hiding?

  /// What a name in a layer hides of those beneath.
  public enum Hiding: Sendable, Equatable {
    /// The name itself: it is removed here.
    case name
    /// What is in the folder of this name.
    case content
  }

  /// Makes a name.
  public init(name: FilePath.Component, isFolder: Bool, bytes: Int64, target: String? = nil) {
    self.name = name
    self.isFolder = isFolder
    self.bytes = bytes
    self.target = target
  }
}
