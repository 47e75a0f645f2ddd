import BuildCache
import CacheReport
import Synchronization
import Terminal
import TestSupport
import Testing

@testable import Explorer

@Suite("Prune screen") struct PruneScreenTests {
  @Test("the question tells what stays on the disk as images use it") func shared() async throws {
    var builder = CacheState.Builder()
    builder.add(
      CacheState.Row(id: "aaa", kind: nil, size: 3_000_000, createdAt: now.now(), isReferenced: true), parents: [])
    builder.add(CacheState.Row(id: "bbb", kind: nil, size: 2_000_000, createdAt: now.now()), parents: [])
    let cache = MemoryCache(builder.finish())
    #expect(shows(try await play("pat0<Enter><Enter>", on: cache), "3.0 MB of it is shared"))
    #expect(!shows(try await play("pt0<Enter><Enter>", on: cache), "of it is shared"))
  }

  @Test("the rules of a daemon itself are one key of the policy's menu away") func ownRules() async throws {
    let rules = [PrunePolicy(keepDuration: .seconds(60)), PrunePolicy(all: true, limits: SpaceLimits(maxUsed: 1))]
    let grid = try await play("pEg", on: MemoryCache(sample, rules: rules))
    #expect(shows(grid, "2 rules of the daemon itself, carried out in order"))
    #expect(shows(try await play("pE", on: MemoryCache(sample, rules: rules)), "the rules of the daemon itself"))
    #expect(shows(try await play("pEg", on: MemoryCache(sample, rules: [])), "the daemon removes nothing by itself"))
    #expect(!shows(try await play("pE"), "the rules of the daemon"))
  }

  @Test("shows the victims in order, the cut, and why the rest stays") func preview() async throws {
    let grid = try await play("p")
    try expectScreen(grid, "prune")
  }

  @Test("the cut follows the limit") func limit() async throws {
    #expect(shows(try await play("p++++"), "keep-bytes 665.0 MB"))
    #expect(shows(try await play("p++++"), "removes 3 records"))
    #expect(shows(try await play("p]]--"), "keep-bytes 568.4 MB"))
    #expect(shows(try await play("p[="), "keep-bytes 593.3 MB"))
    #expect(shows(try await play("pt900MB<Enter>"), "removes 2 records, frees 500.0 MB"))
    #expect(shows(try await play("pt0<Enter>"), "no limit: everything that can go goes, unranked"))
    #expect(shows(try await play("pt20G<Enter>"), "20G is no size"))
    #expect(shows(try await play("ptx<BS><C-u>5kB<Enter>"), "keep-bytes 5.0 kB"))
    #expect(shows(try await play("pt<Esc>"), "keep-bytes 585.0 MB"))
  }

  @Test("all and keep-duration are part of the plan") func policy() async throws {
    #expect(shows(try await play("pat0<Enter>"), "removes 6 records"))
    #expect(shows(try await play("pD2h<Enter>t0<Enter>"), "used within keep-duration"))
    #expect(shows(try await play("pD2h<Enter>D0<Enter>"), "keep-duration off"))
    #expect(shows(try await play("pDsoon<Enter>"), "soon is no duration"))
  }

  @Test("a plan is carried out after the question, and only with y") func carriesOut() async throws {
    let cache = MemoryCache(sample)
    #expect(shows(try await play("p<Enter>", on: cache), "Prune 3 records?"))
    #expect(shows(try await play("p<Enter>n", on: cache), "nothing was removed"))
    #expect(cache.pruned.withLock { $0 }.isEmpty)
    let grid = try await play("pdy", on: cache)
    #expect(shows(grid, "removed 3 records, freed 1.0 GB"))
    #expect(shows(grid, "4 records · 220.0 MB"))
    #expect(cache.pruned.withLock { $0 } == [["layer222", "layer111", "base0000"]])
  }

  @Test("why a row stays names what holds it; a victim says it goes") func why() async throws {
    #expect(shows(try await play("pjw"), "It stays: the limit is reached before it ("))
    #expect(shows(try await play("pjjjw"), "It stays: somebody holds it."))
    #expect(shows(try await play("pgw"), "It goes"))
    #expect(shows(try await play("pw"), "what stands above goes"))
  }

  @Test("E edits every part of the policy") func editsPolicy() async throws {
    try expectScreen(try await play("pE"), "policy")
    #expect(shows(try await play("pEb900MB<Enter>"), "keep-bytes 900.0 MB"))
    #expect(shows(try await play("pEr900MB<Enter>"), "keep-bytes 900.0 MB of 1.2 GB   reserved 900.0 MB"))
    #expect(shows(try await play("pEd2h<Enter>"), "keep-duration 2h"))
    #expect(shows(try await play("pEa"), "all yes"))
    #expect(shows(try await play("pEk"), "ranking current"))
    #expect(shows(try await play("pER"), "[3 Prune]"))
    #expect(shows(try await play("pEftype==exec.cachemount<Enter>t0<Enter>"), "removes 1 record, frees 40.0 MB"))
    #expect(shows(try await play("p/size>250MB<Enter>t0<Enter>"), "stays: not matched by the filter"))
    #expect(shows(try await play("pEfnosuch==1<Enter>"), "there is no \"nosuch\""))
    #expect(shows(try await play("pEzz"), "z does nothing here"))
    // 42 GB are free of the disk: to have 42.5 free, half a gigabyte has to go.
    #expect(shows(try await play("pEm42500MB<Enter>t0<Enter>"), "keep-bytes 670.0 MB of 1.2 GB   min free 42.5 GB"))
    // G12: where enough is free nothing goes.
    #expect(shows(try await play("pEm1GB<Enter>t0<Enter>"), "removes 0 records"))
  }

  @Test("a buildkitd.toml is shown rule by rule, and a limit moves what comes after it") func rules() async throws {
    let size = Size(columns: 110, rows: 30)
    try expectScreen(try await play("pEob.toml<Enter>", size: size), "rules")
    #expect(shows(try await play("pEonone.toml<Enter>", size: size), "can't read none.toml"))
    // Up on the second rule: what it keeps is reserved space, as a daemon's old keepBytes is.
    let moved = try await play("pEob.toml<Enter>gjjj-", size: size)
    #expect(shows(moved, "rule 2/3"))
    #expect(shows(moved, "rule 2 keeps 580.0 MB"))
    let why = try await play("pEob.toml<Enter>Gw", size: size)
    #expect(shows(why, "Rule 1 (type==exec.cachemount) passes it by: "))
    #expect(shows(why, "So it stays."))
  }

  @Test("where no rule ranks, no column is there for it") func unranked() async throws {
    let size = Size(columns: 160, rows: 30)
    #expect(shows(try await play("p", size: size), "SCORE"))
    let grid = try await play("pt0<Enter>", size: size)
    #expect(!shows(grid, "SCORE") && !shows(grid, "(RANK)") && shows(grid, "FREED SO FAR"))
  }

  @Test("what would be pinned by younger records is summed up") func pinned() async throws {
    let grid = try await play("pD2h<Enter>", size: Size(columns: 110, rows: 30))
    #expect(shows(grid, "800.0 MB more is pinned by 1 record used in the last 20m"))
    #expect(shows(grid, "stays: pinned by what stays · 2 records · 800.0 MB"))
  }

  @Test("a narrow window drops ranks, then uses") func narrow() async throws {
    let heading = try await play("p", size: Size(columns: 80, rows: 24)).line(7)
    #expect(!heading.contains("RANK") && heading.contains("REMAINS"))
    #expect(!(try await play("p", size: Size(columns: 70, rows: 24)).line(7)).contains("USES"))
  }

  @Test("a daemon's configuration whose gc is off leaves the screen its own rule") func noRules() async throws {
    let grid = await ExplorerSession.play(
      try Key.keys(in: "p"), on: MemoryCache(sample), prune: PrunePreset(policies: []),
      size: Size(columns: 110, rows: 20), isASCII: false, clock: now, outlets: outlets)
    #expect(shows(grid, "keep-bytes 585.0 MB"))
  }

  @Test("a filter string that leaves nothing out, as a Docker engine's rule has, is no filter") func emptyFilter()
    async throws
  {
    let preset = PrunePreset(policies: [PrunePolicy(filter: try Filter(parsing: [""]))])
    for (keys, words) in [("p", "all no   ranking"), ("pE", "f    filter                                none")] {
      let grid = await ExplorerSession.play(
        try Key.keys(in: keys), on: MemoryCache(sample), prune: preset, size: Size(columns: 110, rows: 30),
        isASCII: false, clock: now, outlets: outlets)
      #expect(shows(grid, words), "\(keys)")
    }
  }

  @Test("where no prune can be planned the reason stands in the plan's place") func refusal() async throws {
    let why = "no prune can be planned: nobody's parents are known; save another list"
    let cache = MemoryCache(sample, readOnlyReason: "a saved list", planRefusal: why)
    for keys in ["p", "p+-t900MB<Enter>", "pr", "pEa", "w", "pw"] {
      let grid = try await play(keys, on: cache, size: Size(columns: 110, rows: 30))
      #expect(shows(grid, why), "\(keys)")
      #expect(!shows(grid, "removes") && !shows(grid, "keep-bytes"), "\(keys)")
    }
  }

  @Test("what the command line says is what the screen begins with") func preset() async throws {
    let preset = PrunePreset(
      policies: [PrunePolicy(all: true, keepBytes: 200_000_000)],
      assumptions: PruneAssumptions(ranking: .current, restart: .before))
    let grid = await ExplorerSession.play(
      try Key.keys(in: "p"),
      on: MemoryCache(sample, behavior: .daemon(.seed, restart: .never)), prune: preset,
      size: Size(columns: 110, rows: 20), isASCII: false,
      clock: now, outlets: outlets)
    #expect(shows(grid, "keep-bytes 200.0 MB of 1.2 GB   keep-duration off   all yes   ranking current   restarted"))
  }

  @Test("e asks for a form, and writes the plan as it stands, whose ever the rules are") func exports() async throws {
    #expect(shows(try await play("pe"), "Write the plan as"))
    #expect(shows(try await play("pej"), "wrote the plan to plan.json"))
    #expect(shows(try await play("p+++pet"), "wrote the plan to plan.txt"))
    #expect(!shows(try await play("pe<Esc>"), "wrote"))
    #expect(!shows(try await play("pex"), "wrote"))
    // Where only looking is allowed, too.
    let cache = MemoryCache(sample, readOnlyReason: "a saved list", notes: ["a note"])
    #expect(shows(try await play("pt0<Enter>ej", on: cache), "wrote the plan to plan.json"))
    let last = try #require(exportedPlans.withLock { $0.last { $0.notes == ["a note"] } })
    #expect(last.plan.count == 4 && !last.namesRules && last.name == "memory")
    _ = try await play("pEob.toml<Enter>ej", on: cache, size: Size(columns: 110, rows: 30))
    let rules = try #require(exportedPlans.withLock { $0.last { $0.notes.contains("a note") && $0.namesRules } })
    #expect(rules.notes == ["a note", "planned are its own rules"] && rules.plan.rules.count == 3)
  }

  @Test("the question names what goes; a key in between asks nothing") func question() async throws {
    let grid = try await play("pt0<Enter><Enter>")
    #expect(shows(grid, "Largest and oldest: base0000 (what base0000 is), 500.0 MB, used 2d ago."))
    #expect(shows(grid, "Missed soon: mount555 (␛[31m/root/.cache), a cache mount used 1m ago."))
    let session = await DrivenSession(MemoryCache(sample))
    try await session.press("p")
    var state = session.state
    let effects = update(&state, .key(.enter))
    #expect(state.overlay == nil && effects.count == 1)
    _ = update(&state, .key(.down))
    guard case .weigh(let plan, let marks, let moment) = effects.first else {
      Issue.record("nothing was asked for")
      return
    }
    #expect(marks == nil)
    _ = update(&state, .weighed(PendingPrune(plan, marks: marks, now: moment)))
    #expect(state.overlay == nil)
  }

  @Test("names stay where ranks go, and stand beside what stays, too") func names() async throws {
    for columns in [70, 80, 100, 120] {
      let grid = try await play("p", size: Size(columns: columns, rows: 24))
      let heading = grid.line(7)
      #expect(heading.contains("DESCRIPTION"), "\(heading)")
      #expect(heading.contains("(RANK)") == (columns >= 120))
      #expect(grid.line(8).contains("what layer222 is") && shows(grid, "what held3333 is"), "\(columns)")
    }
    // What is said of a record beside its name is there where both have room.
    #expect(shows(try await play("p", size: Size(columns: 160, rows: 24)), "(next)"))
    let pinned = try await play("pD2h<Enter>", size: Size(columns: 160, rows: 30))
    #expect(shows(pinned, "by layer222 (what layer222 is)"))
    #expect(!shows(try await play("p", size: Size(columns: 110, rows: 24)), "(next)"))
  }
}
