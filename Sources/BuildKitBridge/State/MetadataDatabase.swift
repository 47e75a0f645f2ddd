import BuildCache
import SystemPackage

/// The records of a worker as BuildKit stores them (`metadata_v2.db`): a bucket each in `_main`, whose values are JSON
/// objects with a `value` and, where it can be looked for, an `index`.
///
/// Values are taken as BuildKit takes them: one that is empty is none, and so is one of the wrong kind.
struct MetadataDatabase {
  static let fileName: FilePath.Component = "metadata_v2.db"

  let file: BoltFile

  /// All that the database holds.
  struct Contents {
    var records: [DaemonRecord] = []
    /// Values that can't be read, in sentences.
    var problems: [String] = []
  }

  /// Reads all records.
  ///
  /// - Throws: as ``BoltFile/read(_:)``.
  /// - Complexity: O(records and their values), one at a time.
  func contents() throws -> BoltFile.Result<Contents> {
    try file.read { transaction in
      var contents = Contents()
      var check = CancellationCheck()
      try records(of: transaction)?.forEach { id, entry in
        try check.pass()
        guard let bucket = entry.bucket else { return }
        contents.records.append(try record(id, bucket, &contents.problems))
      }
      return contents
    }
  }

  /// The first records, in the order of their ids.
  ///
  /// - Parameter count: at most so many.
  /// - Throws: as ``BoltFile/read(_:)``.
  func first(_ count: Int) throws -> [DaemonRecord] {
    struct Enough: Error {}
    return try file.read { transaction in
      var records: [DaemonRecord] = []
      var problems: [String] = []
      do {
        try self.records(of: transaction)?.forEach { id, entry in
          guard records.count < count else { throw Enough() }
          guard let bucket = entry.bucket else { return }
          records.append(try record(id, bucket, &problems))
        }
      } catch is Enough {}
      return records
    }.value
  }

  /// One record; nothing where there is none of this id.
  ///
  /// - Throws: as ``BoltFile/read(_:)``.
  func record(_ id: RecordID) throws -> DaemonRecord? {
    try file.read { transaction in
      guard let bucket = try records(of: transaction)?.bucket(id.text) else { return nil }
      var problems: [String] = []
      return try record(ArraySlice(id.text.utf8), bucket, &problems)
    }.value
  }

  private func records(of transaction: BoltTransaction) throws -> BoltBucket? {
    try transaction.root.bucket("_main")
  }

  private func record(_ id: ArraySlice<UInt8>, _ bucket: BoltBucket, _ problems: inout [String]) throws
    -> DaemonRecord
  {
    var fields = DaemonRecordFields(id: RecordID(String(decoding: id, as: UTF8.self)))
    try bucket.forEach { key, entry in
      guard let value = entry.value, !value.isEmpty else { return }
      fields.take(key, value)
    }
    if !fields.unreadable.isEmpty {
      problems.append(
        "record \(fields.id): \(fields.unreadable.joined(separator: ", ")) can't be read and is taken as absent")
    }
    return fields.record
  }
}
