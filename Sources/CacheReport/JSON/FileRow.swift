import BuildCache
import SystemPackage

/// A name in a record's tree as JSON has it.
public struct FileRow: Sendable, Equatable, Encodable {
  /// The record's id.
  public let record: String
  /// Its path from the top of the tree; what is no UTF-8 of it is replaced.
  public let path: String
  /// Whether it is a folder.
  public let isFolder: Bool
  /// What the disk gives for it and all beneath it.
  public let bytes: Int64
  /// What a link points at; left out where it is none.
  public let target: String?

  private enum CodingKeys: String, CodingKey {
    case record, path, bytes, target
    case isFolder = "folder"
  }

  /// Puts a name into it.
  ///
  /// - Parameters:
  ///   - file: the name.
  ///   - record: whose tree it is in.
  ///   - folder: in which folder.
  public init(_ file: TreeFile, of record: RecordID, in folder: FilePath) {
    self.record = record.text
    path = folder.appending(file.name).string
    isFolder = file.isFolder
    bytes = file.bytes
    target = file.target
  }
}
