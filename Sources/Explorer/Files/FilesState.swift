import BuildCache
import SystemPackage

/// The Files screen's own state: one folder of one record's tree.
struct FilesState: Sendable {
  /// The record; absent until one is chosen.
  var record: RecordID?
  /// The folder in its tree.
  var path = FilePath("/")
  /// What it holds, the largest first; absent until it is listed.
  var files: [TreeFile]?
  /// Why it can't be listed.
  var problem: String?
  var position = ListPosition()
  /// Where the cursor was in the folders above, the topmost first.
  private(set) var above: [ListPosition] = []

  /// Opens a record's top folder.
  mutating func open(_ record: RecordID) {
    self = FilesState()
    self.record = record
  }

  /// Goes into the folder under the cursor.
  ///
  /// - Returns: whether it is one.
  mutating func enter() -> Bool {
    guard let files, files.indices.contains(position.cursor), files[position.cursor].isFolder else { return false }
    above.append(position)
    go(to: path.appending(files[position.cursor].name), at: ListPosition())
    return true
  }

  /// Goes out to the folder above.
  ///
  /// - Returns: whether there is one.
  mutating func leave() -> Bool {
    guard let place = above.popLast() else { return false }
    go(to: path.removingLastComponent(), at: place)
    return true
  }

  private mutating func go(to path: FilePath, at position: ListPosition) {
    self.path = path
    self.position = position
    files = nil
    problem = nil
  }
}
