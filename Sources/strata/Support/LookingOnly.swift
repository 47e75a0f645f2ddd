import BuildCache
import SystemPackage

/// A cache that the user asked not to change.
struct LookingOnly: CacheSource {
  private let source: any CacheSource
  private static let why = "--read-only"

  init(_ source: any CacheSource) { self.source = source }

  var identity: SourceIdentity { source.identity }
  func glimpse(of count: Int) async throws -> CacheState? { try await source.glimpse(of: count) }
  func read() async throws -> Reading { try await source.read() }
  func pruning() async -> Permission<any CachePruner> { .refused(why: await source.pruning().refusal ?? Self.why) }

  func insight() async -> Permission<any CacheInsight> {
    switch await source.insight() {
    case .allowed(let insight): .allowed(Insight(insight: insight))
    case .refused(let why): .refused(why: why)
    }
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
