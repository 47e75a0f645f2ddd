import BuildCache
import SystemPackage

/// A cache that the user asked not to change, and that may so be looked at as if it were another time.
struct LookingOnly: CacheSource {
  private let source: any CacheSource
  private let time: Timestamp?
  private static let why = "--read-only"

  /// - Parameter time: when it is looked at; absent: now.
  init(_ source: any CacheSource, at time: Timestamp? = nil) { (self.source, self.time) = (source, time) }

  var identity: SourceIdentity { source.identity }
  func glimpse(of count: Int) async throws -> CacheState? { try await source.glimpse(of: count) }
  func read() async throws -> Reading {
    var reading = try await source.read()
    if let time { reading.moment = time }
    return reading
  }
  func pruning() async -> Permission<any CachePruner> { .refused(why: await source.pruning().refusal ?? Self.why) }

  func insight() async -> Permission<any CacheInsight> {
    switch await source.insight() {
    case .allowed(let insight): .allowed(Insight(insight: insight))
    case .refused(let why): .refused(why: why)
    }
  }

  /// A clock that shows what the user pretends.
  struct Clock: CacheClock {
    let time: Timestamp
    func now() -> Timestamp { time }
  }

  private struct Insight: CacheInsight {
    let insight: any CacheInsight

    func details(of id: RecordID) async throws -> RecordDetails { try await insight.details(of: id) }
    func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile] {
      try await insight.files(of: id, at: path)
    }
    func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws {
      throw CacheError(.readOnly, "can't hold a record: \(why)")
    }
  }
}
