import BuildCache
import CacheReport
import Terminal
import TestSupport
import Testing

@testable import Explorer

@Suite("Policies that are tried on the screen") struct PolicyEditingTests {
  private let size = Size(columns: 110, rows: 30)

  private func state(_ keys: String, _ cache: MemoryCache = MemoryCache(sample)) async throws -> ExplorerState {
    let session = await DrivenSession(cache, size: size)
    try await session.press(keys)
    return session.state
  }

  @Test("rules are added, removed and moved; the plan and the cursor follow") func rules() async throws {
    let one = try await state("pt700MB<Enter>En")
    #expect(one.prune.policies.map(\.limits.maxUsed) == [700_000_000, 700_000_000])
    #expect(one.prune.ruleNumber == 1 && one.prune.plan?.rules.count == 2 && one.message == "rule 2 of 2")
    let edited = try await state("pt700MB<Enter>EnEa")
    #expect(edited.prune.policies.map(\.all) == [false, true])
    #expect(try await state("pt700MB<Enter>EnEaE<lt>").prune.policies.map(\.all) == [true, false])
    #expect(try await state("pt700MB<Enter>EnEaE<lt>E>").prune.policies.map(\.all) == [false, true])
    #expect(try await state("pt700MB<Enter>EnEaE<lt>E<lt>").message == "it is the first already")
    #expect(try await state("pt700MB<Enter>EnE>").message == "it is the last already")
    let removed = try await state("pt700MB<Enter>EnEaEx")
    #expect(removed.prune.policies.map(\.all) == [false] && removed.prune.plan?.rules.count == 1)
    #expect(try await state("pEx").message == "one rule has to stay")
    // Each is edited in all its parts.
    let whole = try await state("pEnEb1GB<Enter>Er2GB<Enter>Ed3h<Enter>Eftype==regular<Enter>")
    let policy = try #require(whole.prune.policies.last)
    #expect(policy.limits == SpaceLimits(reserved: 2_000_000_000, maxUsed: 1_000_000_000))
    #expect(policy.keepDuration == .seconds(10_800) && policy.filter.strings == ["type==regular"])
  }

  @Test("what a list can't know is typed, with the words of the command line") func fields() async throws {
    let cache = MemoryCache(sample, behavior: .daemon(.current, restart: .never))
    #expect(try await state("pEvseed<Enter>", cache).behavior.ranking == .seed)
    #expect(try await state("pEvv0.21.1<Enter>", cache).behavior.ranking == .seed)
    #expect(try await state("pEvv0.22.0<Enter>", cache).behavior.ranking == .current)
    #expect(try await state("pEv23.0.1<Enter>", cache).behavior.ranking == .seed)
    #expect(try await state("pEvseed<Enter>Ev<Enter>", cache).behavior.ranking == .current)
    #expect(shows(try await play("pEvx<Enter>", on: cache, size: size), "x is no rule"))
    #expect(try await state("pERyes<Enter>", cache).behavior.restart == .before)
    #expect(try await state("pERyes<Enter>ERauto<Enter>", cache).behavior.restart == .never)
    let since = try Timestamp(parsing: "2026-11-24T08:00:00Z")
    #expect(try await state("pER2026-11-24T08:00:00Z<Enter>", cache).behavior.restart == .at(since))
    #expect(shows(try await play("pERmaybe<Enter>", on: cache, size: size), "restarted: "))
    #expect(try await state("pER").message == "the embedded cache never counts such uses")
    #expect(try await state("pEF5GB<Enter>").prune.plan?.free == 5_000_000_000)
    #expect(try await state("pEF5GB<Enter>EF<Enter>").prune.plan?.free == 42_000_000_000)
    #expect(try await state("pES1TB<Enter>").prune.diskSize == 1_000_000_000_000)
    #expect(try await state("pEWcontainerd<Enter>").prune.worker == "containerd")
    #expect(try await state("pEfuntil=2h<Enter>").prune.policies[0].keepDuration == .seconds(7200))
    #expect(try await state("pEfuntil=2h<Enter>").message.contains("--keep-duration 2h"))
    #expect(try await state("pEftype=regular<Enter>").prune.policies[0].filter.strings == ["type==regular"])
    let grid = try await play("pEF5GB<Enter>E", size: size)
    #expect(shows(grid, "F    free space of the disk                5.0 GB, pretended"))
  }

  @Test("what is planned on a pretended disk is not carried out") func pretended() async throws {
    #expect(try await state("pa<Enter>").overlay != nil)
    for keys in ["pEF5GB<Enter>", "pES5GB<Enter>"] {
      let state = try await state(keys + "<Enter>")
      #expect(state.overlay == nil && state.message.contains("is pretended"), "\(keys): \(state.message)")
    }
  }

  @Test("a file is read anew where something else is assumed, unless its rules were changed") func reread()
    async throws
  {
    #expect(try await state("pEob.toml<Enter>ES2000B<Enter>").prune.policies[2].limits.maxUsed == 200_000_000)
    #expect(try await state("pEob.toml<Enter>EWcontainerd<Enter>").prune.policies == [PrunePolicy(all: true)])
    let changed = try await state("pEob.toml<Enter>EaEWcontainerd<Enter>")
    #expect(changed.prune.policies.count == 3 && !changed.prune.policies[2].all)
    // One that could not be read for want of something is read when that is typed.
    let late = try await state("pEob.tom<Enter>Eol<Esc>")
    #expect(late.prune.origin?.file == "b.tom" && late.prune.policies.count == 1)
  }

  @Test("rules are carried away in a file, and why not is said") func save() async throws {
    #expect(try await state("pt5kB<Enter>Ewnew.toml<Enter>").message == "wrote max used 5.0 kB to new.toml")
    #expect(try await state("pEwthere.toml<Enter>").message.contains("there.toml is there already"))
    #expect(try await state("pEw<Enter>").overlay == nil)
  }

  @Test("Tab completes a path in the entry, and shows what it may go on with") func tab() async throws {
    #expect(shows(try await play("pEob<Tab>", size: size), "> b"))
    let several = try await play("pEo~/b<Tab>", size: size)
    #expect(shows(several, "b.toml  bad␛[31m  builds/"))
    #expect(shows(try await play("pEo~/bu<Tab>", size: size), "> ~/builds/_"))
    #expect(shows(try await play("pEob.<Tab><Enter>", size: size), "3 rules of b.toml"))
    #expect(shows(try await play("pEo/nowhere/<Tab>", size: size), "can't list /nowhere/"))
    #expect(shows(try await play("pEox<Tab>", size: size), "nothing there begins so"))
    // What was typed on meanwhile is not lost.
    var state = try await state("pEobu")
    state.completed("b", PathCompletion("b", home: nil) { _ in [.init(name: "b.toml", isFolder: false)] })
    guard case .entry(let entry) = state.overlay else { throw CacheError(.invalid, "no entry") }
    #expect(entry.text == "bu")
  }

  @Test("the whole menu is seen in a usual window") func menu() async throws {
    let cache = MemoryCache(sample, rules: [], behavior: .daemon(.current, restart: .never))
    for rows in [24, 30] {
      let grid = try await play("pE", on: cache, size: Size(columns: 80, rows: rows))
      #expect(shows(grid, "any other key: back") && shows(grid, "o w  open, write"), "\(rows)")
    }
  }

  @Test("in a low window the menu scrolls") func lowMenu() async throws {
    let low = Size(columns: 80, rows: 10)
    #expect(!shows(try await play("pe", size: low), "o w  open"))
    #expect(shows(try await play("pE" + String(repeating: "<Down>", count: 20), size: low), "any other key: back"))
    let back = String(repeating: "<Down>", count: 20) + String(repeating: "<Up>", count: 20)
    #expect(shows(try await play("pE" + back, size: low), "keep-bytes (max used)"))
    #expect(try await state("pe<Down><Down>a").prune.policies[0].all)
  }

  @Test("when the cap is met stands on its line, where the days let it be said") func forecast() async throws {
    var builder = CacheState.Builder()
    for day in 0..<14 {
      for number in 0..<3 {
        builder.add(
          row("d\(day)n\(number)-00", 1_000_000) {
            $0.createdAt = now.now().advanced(by: .seconds(Int64(-86_400 * day - 3600)))
          }, parents: [])
      }
    }
    let cache = MemoryCache(builder.finish())
    for columns in [80, 110] {
      let grid = try await play("pt60MB<Enter>", on: cache, size: Size(columns: columns, rows: 30))
      #expect(
        shows(grid, "keep-bytes 60.0 MB · met in about 6 days (an estimate, 3.0 MB a day)"), "\(columns)")
    }
    #expect(shows(try await play("pt60MB<Enter>----------", on: cache, size: size), "met again in"))
    #expect(!shows(try await play("pt60MB<Enter>"), "an estimate"))
  }
}

@Suite("Completing a path") struct PathCompletionTests {
  private func complete(_ typed: String, home: String? = "/home/me", _ folders: [String: [String]]) -> PathCompletion {
    PathCompletion(typed, home: home) { folder in
      guard let names = folders[folder] else { throw CacheError(.storage, "can't list \(folder)") }
      return names.map { .init(name: $0.hasSuffix("/") ? String($0.dropLast()) : $0, isFolder: $0.hasSuffix("/")) }
    }
  }

  @Test("the last part goes on as far as it is sure") func parts() {
    let folders = [
      "/etc/": ["buildkit/", "build.conf", "docker/", ".secret"], ".": ["a", "b/"], "/home/me/": ["x.toml"],
    ]
    let cases: [(String, String, [String])] = [
      ("/etc/d", "/etc/docker/", []), ("/etc/b", "/etc/build", ["build.conf", "buildkit/"]),
      ("/etc/", "/etc/", ["build.conf", "buildkit/", "docker/"]), ("/etc/.", "/etc/.secret", []),
      ("", "", ["a", "b/"]), ("b", "b/", []), ("~", "~/", []), ("~/x", "~/x.toml", []), ("/etc/z", "/etc/z", []),
      ("/gone/x", "/gone/x", []), ("~who/x", "~who/x", []),
    ]
    for (typed, text, candidates) in cases {
      let completion = complete(typed, folders)
      #expect(completion.text == text && completion.candidates == candidates, "\(typed): \(completion)")
    }
    #expect(complete("/gone/x", folders).problem?.contains("can't list /gone/") == true)
    #expect(complete("/etc/z", folders).problem == "nothing there begins so")
  }

  @Test("a leading tilde is home, where that is known") func tilde() {
    #expect(PathCompletion.expanded("~/a", home: "/h") == "/h/a")
    #expect(PathCompletion.expanded("~", home: "/h") == "/h")
    #expect(PathCompletion.expanded("~/a", home: nil) == "~/a")
    #expect(PathCompletion.expanded("~a", home: "/h") == "~a")
    #expect(PathCompletion.expanded("a/~", home: "/h") == "a/~")
  }

  @Test("hostile names are whole as typed, and many of them come to an end") func hostile() {
    let names = [
      "e\u{301}a", "\u{1f468}\u{200d}\u{1f469}b", "\u{1b}[2Jx", "new\nline", String(repeating: "z", count: 255),
    ]
    for name in names {
      #expect(complete(String(name.prefix(1)), [".": names]).text == name)
    }
    let many = (0..<1000).map { "f\($0)" }
    #expect(complete("f", [".": many]).candidates.count == PathCompletion.most + 1)
  }
}
