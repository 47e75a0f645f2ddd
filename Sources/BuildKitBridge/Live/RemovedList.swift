import BuildCache
import CacheReport

/// The list that a prune prints while it goes on: rows as of a list of disk usage, in the order in which they went.
enum RemovedList {
  /// Reads it, row by row as they come.
  ///
  /// - Parameters:
  ///   - whom: the daemon, for messages.
  ///   - removed: called of each row.
  /// - Throws: ``CacheError`` `badList` where it can't be read; what the channel throws.
  static func read(
    _ channel: ByteChannel, of whom: String, _ removed: (RecordID, Int64?) -> Void
  ) throws {
    var first: [UInt8]? = try channel.next()
    // One that removed nothing prints nothing.
    guard first != nil else { return }
    _ = try SavedDiskUsage.rows(name: "what \(whom) removed", written: Timestamp(nanoseconds: 0)) {
      defer { first = nil }
      return try first ?? channel.next()
    } _: { row in
      removed(row.id, row.size)
    }
  }
}
