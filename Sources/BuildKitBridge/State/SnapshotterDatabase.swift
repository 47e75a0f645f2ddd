import BuildCache
import SystemPackage

/// What a snapshotter of containerd stores of its snapshots (`metadata.db`): a bucket each in `v1/snapshots`.
struct SnapshotterDatabase {
  static let fileName: FilePath.Component = "metadata.db"

  /// A snapshot.
  struct Snapshot {
    /// Its folder's number.
    var folder: UInt64
    /// Its bytes; absent where it can still be written.
    var size: Int64?
  }

  let file: BoltFile

  /// Reads the snapshots of a namespace, by their numbers in it.
  ///
  /// - Throws: as ``BoltFile/read(_:)``.
  func snapshots(of namespace: String) throws -> BoltFile.Result<[UInt64: Snapshot]> {
    try file.read { transaction in
      var snapshots: [UInt64: Snapshot] = [:]
      let head = Array("\(namespace)/".utf8)
      var check = CancellationCheck()
      try transaction.root.bucket("v1", "snapshots")?.forEach { name, entry in
        try check.pass()
        guard name.starts(with: head), let number = ContainerdNumber.ofName(name), let bucket = entry.bucket else {
          return
        }
        snapshots[number] = try Self.snapshot(bucket)
      }
      return snapshots
    }
  }

  private static let committed: UInt8 = 3

  private static func snapshot(_ bucket: BoltBucket) throws -> Snapshot? {
    var folder: UInt64?
    var size: Int64 = 0
    var kind: UInt8?
    try bucket.forEach { key, entry in
      guard let value = entry.value else { return }
      if key.elementsEqual("id".utf8) { folder = ContainerdNumber.unsigned(value) }
      if key.elementsEqual("size".utf8) { size = max(0, ContainerdNumber.signed(value) ?? 0) }
      if key.elementsEqual("kind".utf8) { kind = value.first }
    }
    return folder.map { Snapshot(folder: $0, size: kind == committed ? size : nil) }
  }
}
