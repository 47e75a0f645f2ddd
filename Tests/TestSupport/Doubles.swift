import BuildCache
import Foundation
import Synchronization
import SystemPackage

/// A clock that only moves when told.
package final class TestClock: CacheClock {
  private let time: Guarded<Int64>

  package init(_ start: Int64 = 1_700_000_000_000_000_000) { time = Guarded(start) }
  package func now() -> Timestamp { Timestamp(nanoseconds: time.withLock { $0 }) }
  package func advance(by nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
}

/// A folder for one test, removed with it.
package final class ScratchFolder: Sendable {
  package let path: FilePath

  /// Makes one where the system keeps what is temporary, or in another folder.
  package init(in place: String? = nil) throws {
    let above = place.map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
    let folder = above.appendingPathComponent("strata-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = FilePath(folder.path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }
}

/// Whether a tool is where `PATH` finds it.
package func isInstalled(_ tool: String) -> Bool {
  (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
}

/// How much a long test does: a share of it by default, all of it where `STRATA_LONG` says so.
package func long(_ count: Int) -> Int {
  guard let factor = ProcessInfo.processInfo.environment["STRATA_LONG"].flatMap({ Int($0) }) else { return count }
  return count * max(1, factor)
}
