import BuildCache
import BuildCacheStore
import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("The embedded cache") struct ManagerTests {
  private let scratch: ScratchFolder
  private var root: FilePath { scratch.path.appending("cache") }

  init() throws { scratch = try ScratchFolder() }

  private func open(_ access: EmbeddedCache.Access = .write) throws -> EmbeddedCache {
    try EmbeddedCache(root, access)
  }

  /// A finished layer with one file.
  private func layer(
    _ cache: EmbeddedCache, over parent: RecordID? = nil, bytes: Int = 5000, name: String = "file"
  ) async throws -> RecordID {
    let below = try parent.map { try cache.manager.get($0, countsAsUse: false) }
    let mutable = try await cache.manager.new(over: below)
    try below?.release()
    let file = try await mutable.mount().appending(name)
    try Data(repeating: 7, count: bytes).write(to: URL(filePath: file.string))
    let record = try mutable.commit()
    try await record.finalize()
    try record.release()
    return record.id
  }

  private func state(_ cache: EmbeddedCache, _ id: RecordID) async throws -> CacheState.Row? {
    let usage = try await cache.manager.usage()
    return usage.index(of: id).map { usage.rows[$0] }
  }

  // MARK: names

  @Test("G7: what a tag reaches is shared; dropping the tag ends it") func tags() async throws {
    let cache = try open()
    let base = try await layer(cache)
    let top = try await layer(cache, over: base, name: "top")
    try cache.manager.tag("docker.io/app:1", top)
    #expect(try await state(cache, base)?.isShared == true)
    try await cache.manager.prune([PrunePolicy()])
    #expect(try await cache.manager.usage().rows.count == 2)
    try cache.manager.untag("docker.io/app:1")
    #expect(try await state(cache, base)?.isShared == false)
    #expect(throws: CacheError.self) { try cache.manager.untag("docker.io/app:1") }
    #expect(throws: CacheError.self) { try cache.manager.tag("a\u{1b}b", top) }
  }

  @Test("G7: a tag goes with its record") func tagGoesWithRecord() async throws {
    let cache = try open()
    try cache.manager.tag("x", try await layer(cache))
    try await cache.manager.prune([PrunePolicy(all: true)])
    #expect(try cache.manager.tags().isEmpty)
  }

  @Test("G8: a hold lasts over programs, keeps what it stands on, and is no use") func holds() async throws {
    var cache = try open()
    let base = try await layer(cache)
    let top = try await layer(cache, over: base, name: "top")
    let uses = try await state(cache, top)?.usageCount
    try cache.manager.hold(top, reason: "a build")
    try cache.close()
    cache = try open()
    #expect(try await state(cache, base)?.inUse == true)
    try await cache.manager.prune([PrunePolicy(all: true)])
    #expect(try await cache.manager.usage().rows.count == 2)
    try cache.manager.unhold(top)
    #expect(try await state(cache, top)?.usageCount == uses)
    #expect(throws: CacheError.self) { try cache.manager.unhold(top) }
    try await cache.manager.prune([PrunePolicy(all: true)])
    #expect(try await cache.manager.usage().rows.isEmpty)
  }

  @Test("an id may be shortened while it stays unique") func shortIDs() async throws {
    let cache = try open()
    let id = try await layer(cache)
    _ = try await layer(cache)
    #expect(try cache.manager.resolve(String(id.text.prefix(12))) == id)
    #expect(throws: CacheError.self) { try cache.manager.resolve("") }
    #expect(throws: CacheError.self) { try cache.manager.resolve("nothing-like-it") }
  }

  // MARK: looking

  @Test("G1: looking is not using") func lookingIsNotUsing() async throws {
    let cache = try open()
    let mutable = try await cache.manager.new(RecordOptions(retain: true))
    let id = mutable.id
    try mutable.release()
    let before = try await state(cache, id)
    _ = try await cache.manager.usage()
    let after = try await state(cache, id)
    #expect(before == after)
    #expect(after?.isMutable == true)
    #expect(try await cache.manager.usage().rows.count == 1)
  }

  @Test("F5: an age limit leaves out what was used later") func ageLimit() async throws {
    let cache = try open()
    _ = try await layer(cache)
    #expect(try await cache.manager.usage(ageLimit: .seconds(3600)).rows.isEmpty)
  }

  @Test("B13: a mutable's folder stays the same, an immutable's is a view that goes with its last ref")
  func mounts() async throws {
    let cache = try open()
    let id = try await layer(cache)
    let ref = try cache.manager.get(id)
    let folder = try await ref.mount()
    #expect(FileManager.default.fileExists(atPath: folder.appending("file").string))
    #expect(try await ref.mount() == folder)
    try ref.release()
    let mutable = try await cache.manager.new()
    #expect(try await mutable.mount() == (try await mutable.mount()))
    try mutable.release()
  }

  @Test("B8: a merge over which something is made is a real tree") func mergeIsExtracted() async throws {
    let cache = try open()
    let a = try cache.manager.get(try await layer(cache, name: "a"))
    let b = try cache.manager.get(try await layer(cache, name: "b"))
    let merge = try #require(try await cache.manager.merge([a, nil, b]))
    #expect(try await merge.size() == 0)
    let mutable = try await cache.manager.new(over: merge)
    let folder = try await mutable.mount()
    #expect(FileManager.default.fileExists(atPath: folder.appending("a").string))
    #expect(FileManager.default.fileExists(atPath: folder.appending("b").string))
    // G10: once extracted it tells what it takes.
    #expect(try await merge.size() > 0)
    let diff = try await cache.manager.diff(lower: a, upper: b)
    let tree = try await diff.mount()
    #expect(!FileManager.default.fileExists(atPath: tree.appending("a").string))
    #expect(FileManager.default.fileExists(atPath: tree.appending("b").string))
    await #expect(throws: CacheError.self) { try await cache.manager.diff(lower: nil, upper: a) }
  }

  // MARK: pruning

  @Test("D4: a plan equals what a real prune then does") func planEqualsPrune() async throws {
    for seed in 1...UInt64(long(40)) {
      let folder = try ScratchFolder()
      let cache = try EmbeddedCache(folder.path.appending("cache"), .write)
      var random = SeededGenerator(seed)
      try await fill(cache, &random)
      for _ in 0..<6 {
        let usage = try await cache.manager.usage()
        let policy = PrunePolicy(
          all: random.chance(30), keepBytes: random.chance(25) ? 0 : Int64(random.pick(1...max(1, Int(usage.total)))))
        let plan = try PrunePlan(usage, policies: [policy], now: SystemClock().now())
        let removed = Guarded<[RecordID]>([])
        let report = try await cache.manager.prune([policy]) { row in removed.withLock { $0.append(row.id) } }
        #expect(removed.withLock { $0 } == plan.victims.map { usage.rows[$0.row].id }, "seed \(seed)")
        #expect(report.freed == plan.freed)
        // With `all` a shared victim is subtracted though it was never part of the total (D4).
        if !policy.all { #expect(try await cache.manager.usage().total == plan.after) }
        try await fill(cache, &random, count: 5)
      }
      try cache.close()
      // Nothing is lost or left over: the same records come back, and a second collection finds nothing.
      let again = try EmbeddedCache(folder.path.appending("cache"), .write)
      #expect(try await again.manager.collectGarbage() == 0)
      #expect(try await again.manager.unownedBytes() == 0)
      #expect(try await again.manager.verify() == [])
      try again.close()
    }
  }

  private func fill(_ cache: EmbeddedCache, _ random: inout SeededGenerator, count: Int = 12) async throws {
    for _ in 0..<count {
      let ids = try await cache.manager.usage().rows.filter { !$0.isMutable }.map(\.id).sorted()
      func some() -> RecordID? { ids.isEmpty ? nil : ids[random.pick(0...(ids.count - 1))] }
      switch random.pick(0...5) {
      case 0 where ids.count > 1:
        let refs = try [some(), some()].compactMap(\.self).map { try cache.manager.get($0, countsAsUse: false) }
        try (try await cache.manager.merge(refs))?.release()
        for ref in refs { try ref.release() }
      case 1 where ids.count > 1:
        let refs = try [some(), some()].compactMap(\.self).map { try cache.manager.get($0, countsAsUse: false) }
        try (try await cache.manager.diff(lower: refs[0], upper: refs[1])).release()
        for ref in refs { try ref.release() }
      case 2:
        if let id = some() { try cache.manager.get(id).release() }
      case 3 where random.chance(30):
        if let id = some() { try cache.manager.hold(id, reason: "test") }
      case 4 where random.chance(30):
        if let id = some() { try cache.manager.tag("t\(random.pick(0...2))", id) }
      default:
        _ = try await layer(
          cache, over: random.chance(60) ? some() : nil, bytes: random.pick(1...4) * 4096,
          name: "f\(random.pick(0...9))")
      }
    }
  }

  @Test("a plan is frozen: what changed since is left alone and told, nothing is added") func frozen() async throws {
    let cache = try open()
    let base = try await layer(cache)
    let used = try await layer(cache, name: "used")
    let plan = try PrunePlan(
      try await cache.manager.usage(), policies: [PrunePolicy()], now: SystemClock().now())
    try cache.manager.get(used).release()
    let late = try await layer(cache, name: "late")
    let report = try await cache.manager.carryOut(plan) { _ in }
    #expect(report.changed == [used])
    #expect(report.removed == 1)
    #expect(try await state(cache, base) == nil)
    #expect(try await state(cache, late) != nil)
  }

  @Test("D8: cancelling stops between two removals; what is left is whole") func cancelling() async throws {
    let cache = try open()
    for number in 0..<105 { _ = try await layer(cache, name: "n\(number)") }
    let plan = try PrunePlan(
      try await cache.manager.usage(), policies: [PrunePolicy()], now: SystemClock().now())
    let count = Guarded(0)
    let running = Guarded<Task<PruneReport, any Error>?>(nil)
    let task = Task {
      try await cache.manager.carryOut(plan) { _ in
        let isThird = count.withLock { count in
          count += 1
          return count == 3
        }
        if isThird { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    running.withLock { $0 = task }
    let report = try await task.value
    #expect(report.wasStopped)
    // What is told is durable: with the third of a hundred the others were gone, too.
    #expect(report.removed == 100)
    #expect(try await cache.manager.usage().rows.count == 5)
    try cache.close()
    let again = try open()
    #expect(try await again.manager.usage().rows.count == 5)
    for row in try await again.manager.usage().rows {
      let ref = try again.manager.get(row.id)
      #expect(FileManager.default.fileExists(atPath: try await ref.mount().string))
      try ref.release()
    }
  }

  @Test("F7: garbage collection goes on when the caller is cancelled") func collectedAllTheSame() async throws {
    let cache = try open()
    for _ in 0..<3 { try (try await cache.manager.new()).release() }
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await cache.manager.collectGarbage()
    }
    #expect(try await task.value == 3)
    #expect(try FileManager.default.contentsOfDirectory(atPath: root.appending("trees").string).isEmpty)
  }

  // MARK: the root

  @Test("one process changes the cache; another reads, and says what it can't know") func lock() async throws {
    let first = try open()
    _ = try await layer(first)
    #expect {
      try open()
    } throws: { error in
      (error as? CacheError)?.code == .heldByOther && "\(error)".contains("\(getpid())")
    }
    let reader = try open(.read)
    #expect(reader.notes.contains { $0.contains("in use is unknown") })
    let plan = try PrunePlan(
      try await reader.manager.usage(), policies: [PrunePolicy()], now: SystemClock().now())
    #expect(plan.count == 1)
    await #expect(throws: CacheError.self) { try await reader.manager.carryOut(plan) { _ in } }
    try reader.close()
    try first.close()
    try open().close()
  }

  @Test("reading where there is no cache says so") func noCache() {
    #expect {
      try open(.read)
    } throws: { error in
      (error as? CacheError)?.code == .notFound && "\(error)".contains(root.string)
    }
  }

  @Test("a damaged database is named, and left as it is") func damaged() throws {
    try open().close()
    let file = root.appending("cache.db").string
    let nonsense = Data(repeating: 0x41, count: 8192)
    try nonsense.write(to: URL(filePath: file))
    try? FileManager.default.removeItem(atPath: file + "-wal")
    #expect {
      try open()
    } throws: { error in
      (error as? CacheError)?.code == .foreign && "\(error)".contains("cache.db is no SQLite database")
    }
    #expect(try Data(contentsOf: URL(filePath: file)) == nonsense)
  }

  @Test("a database of a newer version is refused") func newer() throws {
    try open().close()
    let store = try SQLiteMetadataStore(root.appending("cache.db"))
    try store.close()
    let shell = Process()
    shell.executableURL = URL(filePath: "/usr/bin/env")
    shell.arguments = [
      "sqlite3", root.appending("cache.db").string, "INSERT INTO grdb_migrations VALUES ('99: later')",
    ]
    try shell.run()
    shell.waitUntilExit()
    #expect {
      try open()
    } throws: { error in "\(error)".contains("newer") }
  }
}
