import BuildCache
import Foundation
import Synchronization
import SystemPackage

/// A clock that only moves when told.
package final class TestClock: CacheClock {
  private let time: Mutex<Int64>

  package init(_ start: Int64 = 1_700_000_000_000_000_000) { time = Mutex(start) }
  package func now() -> Timestamp { Timestamp(nanoseconds: time.withLock { $0 }) }
  package func advance(by nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
}

/// A small random number generator whose sequence its seed decides (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
  package mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  package mutating func chance(_ percent: Int) -> Bool { pick(0...99) < percent }
}

/// A folder for one test, removed with it.
package final class ScratchFolder: Sendable {
  package let path: FilePath

  package init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("strata-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = FilePath(folder.path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }
}

/// How much a long test does: a share of it by default, all of it where `STRATA_LONG` says so.
package func long(_ count: Int) -> Int {
  guard let factor = ProcessInfo.processInfo.environment["STRATA_LONG"].flatMap({ Int($0) }) else { return count }
  return count * max(1, factor)
}
