import BuildCache
import CacheReport

/// A saved list of disk usage: it can be looked at and planned on, and never changes.
///
/// As newer BuildKit prints such lists, plans rank as it does; whether its daemon was restarted a list doesn't tell.
public struct SavedList: CacheSource {
  /// What it is: a file.
  public let identity: SourceIdentity
  /// What was read.
  private let state: CacheState
  private let clock: any CacheClock

  /// Reads a list.
  ///
  /// - Parameters:
  ///   - path: a file; `-` is standard input.
  ///   - clock: tells the moment of a reading.
  /// - Throws: ``CacheError`` `badList` naming the file, and the row that is damaged; `storage` where it can't be read.
  public init(readingFrom path: String, clock: any CacheClock = SystemClock()) throws {
    let name = path == "-" ? "standard input" : path
    identity = SourceIdentity(kind: .list, words: name, key: "list:\(path)")
    state = CacheState(listing: try SavedDiskUsage.read(try readFile(path), name: name))
    self.clock = clock
  }

  /// Nothing: the list is there already.
  public func glimpse(of count: Int) -> CacheState? { nil }

  /// What the list says; its disk is elsewhere.
  public func read() -> Reading {
    Reading(state: state, moment: clock.now(), behavior: .daemon(.current, restart: .never))
  }

  /// Refused.
  public func pruning() -> Permission<any CachePruner> { .refused(why: "a saved list") }

  /// Refused.
  public func insight() -> Permission<any CacheInsight> {
    .refused(why: "only Strata's own cache has files and holds")
  }
}
