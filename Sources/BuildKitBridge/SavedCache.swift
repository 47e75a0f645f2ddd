import BuildCache
import Glibc

/// A saved list of disk usage, to be looked at and planned on: it can't be changed.
///
/// As newer BuildKit prints such lists, plans rank as it does. A list tells what is in use and shared, not through
/// which refs: a row is a candidate when it is not in use and no row that is left names it as a parent.
public struct SavedCache: CacheController {
  /// The file's name.
  public let name: String
  /// What was read.
  private let list: CacheState

  /// Reads a list.
  ///
  /// - Parameter path: a file; `-` is standard input.
  /// - Throws: ``CacheError`` `badList` naming the file, and the row that is damaged; `storage` where it can't be read.
  public init(readingFrom path: String) throws {
    name = path == "-" ? "standard input" : path
    list = Self.joined(try SavedDiskUsage.read(try Self.bytes(of: path, name), name: name))
  }

  private static func bytes(of path: String, _ name: String) throws -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CacheError(.storage, "can't read \(name)", cause: String(cString: strerror(errno)))
    }
    defer { if path != "-" { Glibc.close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw CacheError(.storage, "can't read \(name)", cause: String(cString: strerror(errno)))
      }
      bytes += buffer[..<count]
    }
  }

  /// Joins the rows of a list.
  ///
  /// `shared` is told of ancestors too (C4), while a prune asks for the record itself (D2): only a shared row on which
  /// no shared row stands is known to be meant itself.
  static func joined(_ rows: [SavedRow]) -> CacheState {
    var sharedBelow: Set<RecordID> = []
    for row in rows where row.isShared { sharedBelow.formUnion(row.parents) }
    var builder = CacheState.Builder()
    for row in rows {
      builder.add(
        CacheState.Row(
          id: row.id, kind: row.kind, isMutable: row.isMutable, size: row.size, createdAt: row.createdAt,
          lastUsedAt: row.lastUsedAt, usageCount: row.usageCount, description: row.description,
          recordType: row.recordType, outsideRefs: row.inUse ? 1 : 0,
          isReferenced: row.isShared && !sharedBelow.contains(row.id)),
        parents: row.parents)
    }
    return builder.finish()
  }

  /// Why it can't be changed.
  public var readOnlyReason: String? { "a saved list" }

  /// The rule of newer BuildKit.
  public var ranking: RankingRule { .current }

  /// What the list says.
  public func usage(matching filter: Filter) -> CacheState {
    list.keeping(matching: filter, now: SystemClock().now())
  }

  /// Nothing: the list's disk is elsewhere.
  public func space() -> CacheSpace? { nil }

  /// Refuses.
  ///
  /// - Throws: ``CacheError`` `readOnly`, always.
  public func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) throws -> PruneReport
  {
    throw CacheError(.readOnly, "\(name) is a saved list: it can be planned, not pruned")
  }

  /// Does nothing.
  public func close() {}
}
