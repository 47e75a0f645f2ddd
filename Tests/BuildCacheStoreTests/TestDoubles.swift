import Synchronization
import SystemPackage

@testable import BuildCache

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
