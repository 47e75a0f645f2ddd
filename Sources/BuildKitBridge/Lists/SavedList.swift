import BuildCache
import CacheReport

/// A saved list of disk usage: it can be looked at and planned on, and never changes.
///
/// As newer BuildKit prints such lists, plans rank as it does; whether its daemon was restarted a list doesn't tell. What
/// a list lacks is in the reading's notes.
public struct SavedList: CacheSource {
  /// What it is: a file.
  public let identity: SourceIdentity
  private let path: String
  private let clock: any CacheClock
  /// Set where the list can't be read again and again.
  private let piped: PipedList?

  /// Finds a list; nothing of it is read yet.
  ///
  /// - Parameters:
  ///   - path: a file; `-` is standard input, which is read once and kept, as is a pipe that was open before.
  ///   - clock: tells the moment of a reading.
  /// - Throws: ``CacheError`` `storage` where there is no such file.
  public init(readingFrom path: String, clock: any CacheClock = SystemClock()) throws {
    piped = try OpenFile.check(path) ? nil : PipedList(OpenFile.name(of: path), clock: clock) { try OpenFile(path) }
    identity = SourceIdentity(kind: .list, words: OpenFile.name(of: path), key: "list:\(path)")
    self.path = path
    self.clock = clock
  }

  /// What is read of a list for a first look, from either end.
  private static let glimpsed = 1 << 18

  /// The largest of the rows at the list's beginning and end; nothing of one that is read as a whole as soon.
  ///
  /// - Throws: ``CacheError`` `storage`.
  public func glimpse(of count: Int) async throws -> CacheState? {
    try await waiting {
      if let piped { return try piped.beginning().flatMap { SavedDiskUsage.largest(count, of: $0, []) } }
      let file = try OpenFile(path)
      guard file.size > 4 * Self.glimpsed else { return nil }
      let beginning = try file.bytes(from: 0, count: Self.glimpsed)
      let end = try file.bytes(from: file.size - Self.glimpsed, count: Self.glimpsed)
      return SavedDiskUsage.largest(count, of: beginning, end)
    }
  }

  /// What the list says; its disk is elsewhere.
  ///
  /// - Throws: ``CacheError`` `badList` naming the file, and the row or line that is damaged; `storage` where it can't be
  ///   read.
  /// - Complexity: O(bytes).
  public func read() async throws -> Reading {
    let usage = try await waiting {
      if let piped { return try piped.read() }
      let file = try OpenFile(path)
      return try SavedDiskUsage(name: file.name, written: file.changed, size: file.size) { try file.next() }
    }
    return Reading(
      state: usage.state, moment: clock.now(), behavior: .daemon(.current, restart: .never), notes: usage.notes,
      planRefusal: usage.planRefusal)
  }

  /// Refused.
  public func pruning() -> Permission<any CachePruner> { .refused(why: "a saved list") }

  /// Refused.
  public func insight() -> Permission<any CacheInsight> {
    .refused(why: "only Strata's own cache has files and holds")
  }
}
