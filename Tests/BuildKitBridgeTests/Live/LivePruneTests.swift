import BuildCache
import CacheReport
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

  @Test("the options of buildctl: megabytes from which it makes just these bytes; a lone limit as any daemon takes it")
  func words() throws {
    let rule = PrunePolicy(
      all: true, keepDuration: .seconds(60),
      limits: SpaceLimits(reserved: 1_000_000, maxUsed: 2_500_000, minFree: 20_000_000_000))
    #expect(
      BuildctlClient.words(for: rule) == [
        "--all", "--keep-duration", "60000000000ns", "--keep-storage", "2.5", "--keep-storage-min", "1.0",
        "--free-storage", "20000.0",
      ])
    // What today's client sends for --keep-storage a daemon before v0.17 passes over, and removes without a limit.
    for limits in [SpaceLimits(reserved: 5_000_000), SpaceLimits(maxUsed: 5_000_000)] {
      #expect(BuildctlClient.words(for: PrunePolicy(limits: limits)) == ["--keep-storage-min", "5.0"])
    }
    #expect(BuildctlClient.words(for: PrunePolicy()) == [])
    let client = BuildctlClient(standIns.buildctl, patience: .usual)
    var facts = DaemonFacts()
    func canSay(_ limits: SpaceLimits, _ version: String?) -> Bool {
      facts.era = version.flatMap { DaemonEra(buildKit: $0) }
      return client.canSay(PrunePolicy(limits: limits), to: facts)
    }
    let two = SpaceLimits(reserved: 1, maxUsed: 2)
    #expect(canSay(SpaceLimits(maxUsed: 2), "v0.9.0") && canSay(.none, nil) && canSay(two, "v0.17.0"))
    #expect(!canSay(two, "v0.16.0") && !canSay(two, nil) && !canSay(SpaceLimits(minFree: 2), "v0.16.0"))
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
    for filter in [
      ["type!=regular"], ["mutable"], ["description~=x"], ["type==a", "type==b"], ["type==a,type==b"],
      ["id==a.b"], [#"id~=a\\."#], ["id~=|a/b|"],
    ] {
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

  @Test("where the daemon isn't known to do what the plan foresees its victims go by ids") func unknownDaemon()
    async throws
  {
    let facts = [
      #"[{"buildkitVersion":{"version":"v0.32.0"}},{"buildkitVersion":{"version":"v0.32.0"}}]"#, "[{}]",
      #"[{"buildkitVersion":{"version":"0.0.0+unknown"}}]"#,
    ]
    for text in facts {
      let standIns = try StandIns()
      try standIns.write(text, "workers")
      let source = DaemonSource(standIns.buildctl)
      let reading = try await source.read()
      #expect(!reading.notes.isEmpty)
      let report = try await carryOut(try plan(reading, PrunePolicy(limits: SpaceLimits(maxUsed: 3_500))), by: source)
      let asked = standIns.asked.filter { $0.contains(" prune ") }
      #expect(asked.count == 1 && asked[0].contains("--filter id==") && !asked[0].contains("--all"), "\(asked)")
      #expect(report.wasByIDs && report.removed > 0)
    }
    // One that was started anew since has other holds (G6).
    let source = DaemonSource(BuildctlEndpoint(.container("builder0", standIns.docker)))
    let plan = try plan(try await source.read(), PrunePolicy())
    try standIns.write("2026-11-27T03:00:00Z\n", "started")
    #expect(try await carryOut(plan, by: source).wasByIDs)
  }

  @Test("of several rules each is looked at before it goes") func laterRules() async throws {
    let source = DaemonSource(standIns.buildctl)
    let first = PrunePolicy(all: true, filter: try Filter(parsing: ["id==ccc"]))
    let plan = try plan(try await source.read(), first, PrunePolicy(all: true))
    // With the first rule's call a record comes to be used.
    try standIns.write(
      "#!/bin/sh\nhere=$(dirname \"$0\")\nsed -i 's/\"usageCount\":1/\"usageCount\":2/' \"$here/rows/bbb\" 2>/dev/null\nexit 0\n",
      "pruned")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: standIns.path("pruned"))
    let report = try await carryOut(plan, by: source)
    #expect(report.gone == ["ccc"] && Set(report.changed) == ["aaa", "bbb"])
    #expect(standIns.ids == ["aaa", "bbb"] && prunes.count == 1)
  }

  @Test("what an old engine has no limits for goes by ids") func oldEngine() async throws {
    try standIns.write(#"{"Version":"27.5.1","ApiVersion":"1.47"}"#, "version")
    let source = DaemonSource(.client(standIns.docker))
    let policy = PrunePolicy(limits: SpaceLimits(reserved: 1, maxUsed: 3_500))
    let report = try await carryOut(try plan(try await source.read(), policy), by: source)
    #expect(
      report.wasByIDs && report.removed > 0 && prunes.allSatisfy { $0.contains("filters=") && !$0.contains("space") })
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

  @Test("keep-duration's edge lies where nothing can meet it while a daemon prunes, or ids go") func edge() throws {
    let now = Timestamp(nanoseconds: 10_000_000_000_000)
    func sent(_ ages: [Int64], later seconds: Int64, limit: Int64 = 0) throws -> TimeSpan? {
      var builder = CacheState.Builder()
      for (number, age) in ages.enumerated() {
        builder.add(
          CacheState.Row(
            id: RecordID("r\(number)"), kind: nil, size: 1, createdAt: now,
            lastUsedAt: now.advanced(by: .seconds(-age))), parents: [])
      }
      let policy = PrunePolicy(keepDuration: .seconds(3_600), limits: SpaceLimits(maxUsed: limit))
      let plan = try PrunePlan(
        builder.finish(), policies: [policy], behavior: .daemon(.current, restart: .never), now: now)
      return DaemonPruner.frozen(plan.rules[0], in: plan, at: now.advanced(by: .seconds(seconds)))?.keepDuration
    }
    #expect(try sent([3_000, 5_000], later: 5) == .seconds(5_005), "the youngest victim is just taken")
    #expect(try sent([3_500, 3_700], later: 5) == nil, "too close to what is to stay")
    #expect(try sent([5_000, 6_000], later: 5) == .seconds(5_005))
    // Whoever may go is ranked, though it stays within the limit.
    #expect(try sent([3_000, 4_000, 5_000, 6_000], later: 0, limit: 3) == .seconds(4_000))
    #expect(try sent([3_000], later: 5) != nil, "without victims nothing is in the way")
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
    #expect(throws: CacheError.self) { try client.rule(for: [RecordID("a\"||id~=.")], all: true) }
    #expect(throws: CacheError.self) { try client.rule(for: [RecordID("a\\")], all: true) }
    #expect((try? client.rule(for: [RecordID("a,b")], all: true).filter.strings) == ["id==\"a,b\""])
    let engine = EngineClient(endpoint: .client(standIns.docker), patience: .usual)
    #expect(throws: CacheError.self) { try engine.rule(for: [RecordID("a|.*")], all: true) }
  }
}
