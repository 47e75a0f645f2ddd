import BuildCache
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import BuildKitBridge

/// Prunes that daemons carry out.
@Suite("Prunes of daemons") struct LivePruneTests {
  private let standIns: StandIns

  init() throws { standIns = try StandIns() }

  private var prunes: [String] { standIns.asked.filter { $0.contains(" prune ") || $0.hasPrefix("POST ") } }

  private func plan(_ reading: Reading, _ policies: PrunePolicy...) throws -> PrunePlan {
    try PrunePlan(
      reading.state, policies: policies, behavior: reading.behavior, now: reading.moment, free: reading.space?.free)
  }

  private func carryOut(_ plan: PrunePlan, by source: DaemonSource) async throws -> PruneReport {
    try await source.pruning().means(to: "prune").carryOut(plan) { _ in }
  }

  @Test("a rule goes to buildctl whole, in its own options; what comes to nothing isn't sent") func rules() async throws
  {
    let source = DaemonSource(standIns.buildctl)
    let reading = try await source.read()
    let policy = PrunePolicy(all: true, filter: try Filter(parsing: ["description~=RUN", "id==x"]))
    let idle = PrunePolicy(filter: try Filter(parsing: ["id==nosuch"]))
    let report = try await carryOut(try plan(reading, idle, policy), by: source)
    #expect(prunes.count == 1)
    #expect(prunes[0].contains("prune --all --filter description~=RUN --filter id==x --format"))
    #expect(report.gone.isEmpty, "the stand-in takes ids only")
  }

  @Test("the options of buildctl: megabytes from which it makes just these bytes") func words() throws {
    let rule = PrunePolicy(
      all: true, keepDuration: .seconds(60),
      limits: SpaceLimits(reserved: 1_000_000, maxUsed: 2_500_000, minFree: 20_000_000_000))
    #expect(
      BuildctlClient.words(for: rule) == [
        "--all", "--keep-duration", "60000000000ns", "--keep-storage", "2.5", "--keep-storage-min", "1.0",
        "--free-storage", "20000.0",
      ])
    // Alone it is the limit, for which the oldest have an option.
    #expect(
      BuildctlClient.words(for: PrunePolicy(limits: SpaceLimits(reserved: 5_000_000))) == ["--keep-storage", "5.0"])
    var random = SeededGenerator(7)
    for round in 0..<long(20_000) {
      let bytes = round < 2_000 ? Int64(round + 1) : Int64.random(in: 1...(1 << 50), using: &random)
      let number = try #require(Double(BuildctlClient.megabytes(bytes)))
      #expect(Int64(number * 1e6) == bytes, "\(bytes)")
    }
  }

  @Test("a rule in an engine's parameters, by the version of its API") func queries() throws {
    func items(_ rule: PrunePolicy, _ api: String = "1.56") throws -> [String: String] {
      let items = URLComponents(string: "/?" + (try EngineQuery(rule, api: api).text))?.queryItems ?? []
      return Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") })
    }
    let limits = SpaceLimits(reserved: 1, maxUsed: 2, minFree: 3)
    #expect(
      try items(PrunePolicy(all: true, limits: limits)) == [
        "all": "1", "reserved-space": "1", "max-used-space": "2", "min-free-space": "3",
      ])
    #expect(try items(PrunePolicy(limits: SpaceLimits(maxUsed: 9)), "1.41") == ["keep-storage": "9"])
    #expect(try items(PrunePolicy(limits: SpaceLimits(reserved: 9)), "1.47") == ["keep-storage": "9"])
    // It would pass over what it doesn't know, and remove without a limit.
    #expect(throws: CacheError.self) { try items(PrunePolicy(limits: SpaceLimits(minFree: 3)), "1.47") }
    #expect(throws: CacheError.self) { try items(PrunePolicy(limits: limits), "") }
    #expect(try items(PrunePolicy(keepDuration: .seconds(5)))["filters"] == #"{"until":{"5000000000ns":true}}"#)
    for (filter, form) in [
      ("type==source.local", #"{"type":{"source.local":true}}"#), ("shared", #"{"shared":{}}"#),
      (#"description=="a, b+c""#, #"{"description":{"\"a, b+c\"":true}}"#), ("id==abc", #"{"id":{"\/^abc$\/":true}}"#),
    ] {
      #expect(try items(PrunePolicy(filter: try Filter(parsing: [filter])))["filters"] == form)
    }
    for filter in [["type!=regular"], ["mutable"], ["description~=x"], ["type==a", "type==b"], ["type==a,type==b"]] {
      #expect(throws: CacheError.self) {
        try EngineQuery(PrunePolicy(filter: try Filter(parsing: filter)), api: "1.56")
      }
    }
  }

  @Test("what an engine can't be told goes by ids, and just what the plan names") func idsForEngine() async throws {
    let source = DaemonSource(.client(standIns.docker))
    let policy = PrunePolicy(filter: try Filter(parsing: ["id==bbb", "id==ccc"]))
    let report = try await carryOut(try plan(try await source.read(), policy), by: source)
    #expect(Set(report.gone) == ["bbb", "ccc"] && report.freed == 3_000)
    #expect(standIns.ids == ["aaa"])
    #expect(prunes.count == 1 && prunes[0].contains("filters="))
  }

  @Test("what changed since the plan was made is left out and told, and with it what it stands on") func drift()
    async throws
  {
    let source = DaemonSource(standIns.buildctl)
    let reading = try await source.read()
    let plan = try plan(reading, PrunePolicy(all: true))
    try standIns.write(StandIns.row("bbb", 2_000, parents: ["aaa"], uses: 2), "rows/bbb")
    try standIns.write(StandIns.row("new", 5), "rows/new")
    let report = try await carryOut(plan, by: source)
    #expect(report.gone == ["ccc"] && Set(report.changed) == ["aaa", "bbb"])
    #expect(standIns.ids == ["aaa", "bbb", "new"], "nothing is added")
    #expect(prunes.count == 1 && prunes[0].contains("--all --filter id==ccc --format"))
  }

  @Test("what was chosen goes by ids in calls of a hundred, and can be stopped between two") func stopping()
    async throws
  {
    for number in 0..<250 {
      let id = "r\(1_000 + number)"
      try standIns.write(StandIns.row(id, 10), "rows/\(id)")
    }
    let source = DaemonSource(standIns.buildctl)
    let state = try await source.read().state
    let plan = try PrunePlan(state, removing: state.rows.indices)
    let pruner = try source.pruning().means(to: "prune")
    #expect(pruner.promises(ofChosen: true) == [.checksVictims, .canStop] && pruner.promises(ofChosen: false) == [])
    let task = Guarded<Task<PruneReport, any Error>?>(nil)
    let begun = Task {
      // The task is known before it begins.
      while task.withLock({ $0 == nil }) { await Task.yield() }
      return try await pruner.carryOut(plan) { _ in task.withLock { $0?.cancel() } }
    }
    task.withLock { $0 = begun }
    let report = try await begun.value
    #expect(report.wasStopped && report.removed == 100 && report.notReached.count == 153)
    #expect(prunes.count == 1)
    let rest = try await source.read().state
    let all = try await carryOut(try PrunePlan(rest, removing: rest.rows.indices), by: source)
    #expect(all.removed == 153 && prunes.count == 3 && standIns.ids.isEmpty)
  }

  @Test("keep-duration's edge stays where the plan had it, whenever the daemon looks at its clock") func edge() throws {
    let now = Timestamp(nanoseconds: 1_000_000_000_000)
    func row(_ id: String, age: Int64) -> CacheState.Row {
      CacheState.Row(
        id: RecordID(id), kind: nil, size: 1, createdAt: now, lastUsedAt: now.advanced(by: .seconds(-age)))
    }
    func sent(_ ages: [Int64], later seconds: Int64) throws -> TimeSpan {
      var builder = CacheState.Builder()
      for (number, age) in ages.enumerated() { builder.add(row("r\(number)", age: age), parents: []) }
      let plan = try PrunePlan(
        builder.finish(), policies: [PrunePolicy(keepDuration: .seconds(60))],
        behavior: .daemon(.current, restart: .never),
        now: now)
      return DaemonPruner.policy(of: plan.rules[0], in: plan, at: now.advanced(by: .seconds(seconds))).keepDuration
    }
    #expect(try sent([59, 100], later: 5) == .seconds(75), "with ten seconds to spare")
    #expect(try sent([59, 63], later: 5) == .seconds(68), "as far as no victim is in the way")
    #expect(try sent([59, 60], later: 0) == .seconds(60))
  }

  @Test("what went before a daemon broke off is told") func breakingOff() async throws {
    let source = DaemonSource(standIns.buildctl)
    let plan = try plan(try await source.read(), PrunePolicy(all: true))
    try standIns.write("#!/bin/sh\necho 'error: the daemon is gone' >&2\nexit 1\n", "pruned")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: standIns.path("pruned"))
    let told = Guarded<[RecordID]>([])
    await #expect(throws: CacheError.self) {
      try await source.pruning().means(to: "prune").carryOut(plan) { row in told.withLock { $0.append(row.id) } }
    }
    #expect(told.withLock { $0.count } == 3)
  }

  @Test("an id that no filter can name is an error, not another filter") func hostileIDs() {
    let client = BuildctlClient(standIns.buildctl, patience: .usual)
    #expect(throws: CacheError.self) { try client.rule(for: [RecordID("a\"||id~=.")]) }
    #expect(throws: CacheError.self) { try client.rule(for: [RecordID("a\\")]) }
    #expect((try? client.rule(for: [RecordID("a,b")]).filter.strings) == ["id==\"a,b\""])
    let engine = EngineClient(endpoint: .client(standIns.docker), patience: .usual)
    #expect(throws: CacheError.self) { try engine.rule(for: [RecordID("a|.*")]) }
  }
}
