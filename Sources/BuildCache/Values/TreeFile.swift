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

  /// Makes a name.
  public init(name: FilePath.Component, isFolder: Bool, bytes: Int64, target: String? = nil) {
    self.name = name
    self.isFolder = isFolder
    self.bytes = bytes
    self.target = target
  }
}
