import BuildCacheStore
import Foundation
import Synchronization
import SystemPackage

@testable import BuildCache

/// A clock that only moves when told.
final class TestClock: CacheClock {
  private let time: Mutex<Int64>

  init(_ start: Int64 = 1_700_000_000_000_000_000) { time = Mutex(start) }
  func now() -> Timestamp { Timestamp(nanoseconds: time.withLock { $0 }) }
  func advance(by nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
}

/// Ids that a seed decides, so that a failing run can be repeated.
final class SeededIdentities: IdentitySource {
  private let random: Mutex<SeededGenerator>

  init(_ seed: UInt64) { random = Mutex(SeededGenerator(seed)) }
  func newID() -> RecordID { random.withLock { RandomIdentities.id(from: &$0) } }
}

/// A small random number generator whose sequence its seed decides (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// A snapshotter whose usage of a tree is what was set, all else being another's.
final class SizedSnapshotter: Snapshotter {
  private let real: any Snapshotter
  private let sizes = Mutex<[TreeID: Int64]>([:])

  init(_ real: any Snapshotter) { self.real = real }
  func set(_ bytes: Int64, of tree: TreeID) { sizes.withLock { $0[tree] = bytes } }

  func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64 { sizes.withLock { $0[tree] ?? 0 } }
  func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64 {
    _ = try await real.merge(tree, of: differences)
    return 0
  }
  func newTree() throws -> TreeID { try real.newTree() }
  func prepare(_ tree: TreeID, copying parent: TreeID?) async throws { try await real.prepare(tree, copying: parent) }
  func settle(_ tree: TreeID, over parent: TreeID) async throws { try await real.settle(tree, over: parent) }
  func folder(of tree: TreeID) -> FilePath { real.folder(of: tree) }
  func remove(_ tree: TreeID) async throws { try await real.remove(tree) }
  func trees() throws -> [TreeID] { try real.trees() }
}

/// A checker that knows what it is told.
final class ToldReferences: ExternalReferenceChecker {
  private let records = Mutex<Set<RecordID>>([])

  func set(_ ids: Set<RecordID>) { records.withLock { $0 = ids } }
  func look() throws -> @Sendable (RecordID) -> Bool {
    let known = records.withLock { $0 }
    return { known.contains($0) }
  }
}

/// A folder for one test, removed with it.
final class ScratchFolder: Sendable {
  let path: FilePath

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("strata-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = FilePath(folder.path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }
}
