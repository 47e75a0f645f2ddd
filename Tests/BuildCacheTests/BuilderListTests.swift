import BuildCache
import CacheReport
import Foundation
import TestSupport
import Testing

private let clock = TestClock()
private let gigabyte: Int64 = 1_000_000_000

/// A reading of records of these sizes, each used an hour ago.
private func reading(
  _ sizes: [Int64], rules: [PrunePolicy]? = nil, free: Int64? = nil, capacity: Int64 = 100 * gigabyte,
  ranking: RankingRule = .current, _ change: (inout CacheState.Row) -> Void = { _ in }
) -> Reading {
  var builder = CacheState.Builder()
  for (number, size) in sizes.enumerated() {
    var row = CacheState.Row(
      id: RecordID("record\(number)"), kind: .base, size: size, createdAt: clock.now().advanced(by: .seconds(-7200)),
      lastUsedAt: clock.now().advanced(by: .seconds(-3600)), usageCount: 1, description: "")
    change(&row)
    builder.add(row, parents: [])
  }
  var reading = Reading(
    state: builder.finish(), space: free.map { CacheSpace(capacity: capacity, free: $0) }, moment: clock.now(),
    behavior: .daemon(ranking, restart: .never))
  reading.rules = rules
  return reading
}

private func next(_ reading: Reading) throws -> NextCollection { try NextCollection(reading) }

private struct NoSource: CacheSource {
  let identity = SourceIdentity(kind: .daemon, words: "none", key: "none")
  func glimpse(of count: Int) async throws -> CacheState? { nil }
  func read() async throws -> Reading { throw CacheError(.unreachable, "nobody", obstacle: .gone) }
  func pruning() async -> Permission<any CachePruner> { .refused(why: "none") }
  func insight() async -> Permission<any CacheInsight> { .refused(why: "none") }
}

private func builder(_ name: String, place: String = "", waking: String? = nil, error: CacheError? = nil) -> Builder {
  let way = Builder.Way(listed: NoSource(), opened: NoSource())
  return Builder(
    id: "id of \(name)", name: name, kind: "remote", place: place, waking: waking,
    way: error.map { .failure($0) } ?? .success(way))
}

@Suite("When a daemon's rules take something") struct NextCollectionTests {
  @Test("a limit that isn't reached is so many bytes away, the nearest of several counts") func ahead() throws {
    let ten = PrunePolicy(keepBytes: 10 * gigabyte)
    #expect(try next(reading([3 * gigabyte], rules: [ten])) == .after(bytes: 7 * gigabyte))
    let five = PrunePolicy(all: true, keepBytes: 5 * gigabyte)
    #expect(try next(reading([3 * gigabyte], rules: [ten, five])) == .after(bytes: 2 * gigabyte))
    let reserved = PrunePolicy(limits: SpaceLimits(reserved: 4 * gigabyte))
    #expect(try next(reading([3 * gigabyte], rules: [reserved])) == .after(bytes: gigabyte))
  }

  @Test("what the plan of its rules takes now is due, to the record and the byte") func due() throws {
    let limit = PrunePolicy(keepBytes: 3 * gigabyte)
    let full = reading([2 * gigabyte, gigabyte, gigabyte], rules: [limit])
    let plan = try PrunePlan(full.state, policies: [limit], behavior: full.behavior, now: full.moment)
    #expect(plan.count > 0)
    #expect(try next(full) == .due(records: plan.count, bytes: plan.freed))
  }

  @Test("a min free is as far away as the disk has more free, and none where that isn't known") func minFree() throws {
    let rule = PrunePolicy(limits: SpaceLimits(maxUsed: 50 * gigabyte, minFree: 10 * gigabyte))
    #expect(try next(reading([gigabyte], rules: [rule], free: 12 * gigabyte)) == .after(bytes: 2 * gigabyte + 1))
    #expect(try next(reading([gigabyte], rules: [rule])) == .after(bytes: 49 * gigabyte))
    #expect(try next(reading([gigabyte], rules: [rule], free: gigabyte)) == .due(records: 1, bytes: gigabyte))
  }

  @Test("the growth that is told is the least at which something goes") func exact() throws {
    var random = SeededGenerator(7)
    for _ in 0..<200 {
      let limits = SpaceLimits(
        reserved: .random(in: 0...6, using: &random), maxUsed: .random(in: 0...12, using: &random),
        minFree: .random(in: 0...6, using: &random))
      let rule = PrunePolicy(all: true, limits: limits)
      let (size, free) = (Int64.random(in: 1...6, using: &random), Int64.random(in: 0...12, using: &random))
      guard case .after(let growth) = try next(reading([size], rules: [rule], free: free)) else { continue }
      for more in 1...growth where more <= free {
        let isDue =
          if case .due = try next(reading([size, more], rules: [rule], free: free - more)) { true } else { false }
        #expect(isDue == (more == growth), "\(limits), \(size) with \(free) free, \(more) of \(growth)")
      }
    }
  }

  @Test("no rules never take anything, rules by age may later, and what is in use is out of reach") func others()
    throws
  {
    #expect(try next(reading([gigabyte])) == .unknown)
    #expect(try next(reading([gigabyte], rules: [])) == .never)
    #expect(try next(reading([gigabyte], rules: [PrunePolicy(keepDuration: .seconds(86_400))])) == .byAge)
    let held = reading([3 * gigabyte], rules: [PrunePolicy(all: true, keepBytes: gigabyte)]) { $0.outsideRefs = 1 }
    #expect(try next(held) == .outOfReach(bytes: 2 * gigabyte))
    var unplanned = reading([gigabyte], rules: [PrunePolicy()])
    unplanned.planRefusal = "no parents"
    #expect(try next(unplanned) == .unknown)
  }
}

@Suite("The list of builders") struct BuilderListTests {
  private func list(_ answers: [(String, BuilderLine.Outcome?)]) -> BuilderList {
    var list = BuilderList()
    for (name, outcome) in answers {
      #expect(list.take(.builder(builder(name))) != nil)
      if let outcome { list.take(outcome, of: "id of \(name)") }
    }
    return list
  }

  private func answered(_ reading: Reading) throws -> BuilderLine.Outcome { .answered(try BuilderFigures(reading)) }

  @Test("what hurts most comes first, however it is found") func order() throws {
    let answers: [(String, BuilderLine.Outcome?)] = try [
      ("gone", .failed(CacheError(.unreachable, "nobody", obstacle: .gone))),
      ("asked", nil),
      ("small", answered(reading([1], rules: []))),
      ("large", answered(reading([9]))),
      ("short", answered(reading([2], free: gigabyte))),
      ("unruled and short", answered(reading([1], rules: [], free: gigabyte))),
      ("asleep", .failed(CacheError(.unreachable, "sleeps", obstacle: .asleep))),
    ]
    let expected = ["unruled and short", "short", "large", "small", "asked", "asleep", "gone"]
    #expect(list(answers).lines.map(\.builder.name) == expected)
    #expect(list(answers.reversed()).lines.map(\.builder.name) == expected)
  }

  @Test("the sum is of those that answered") func sum() throws {
    let list = list([
      ("a", try answered(reading([5, 7]))), ("b", try answered(reading([8]) { $0.outsideRefs = 1 })),
      ("c", .failed(CacheError(.unreachable, "nobody"))), ("d", nil),
    ])
    #expect(list.totals.all.bytes == 20 && list.totals.all.records == 3)
    #expect(list.totals[.inUse].bytes == 8 && list.totals[.reclaimable].bytes == 12)
    #expect(list.summary == "2 of 4 builders answered")
  }

  @Test("a state is a word, with what to do where something can be done") func states() throws {
    let gone = CacheError(.unreachable, "nobody answers at x: it isn't running", cause: "dial unix", obstacle: .gone)
    func line(_ builder: Builder, _ outcome: BuilderLine.Outcome?) throws -> BuilderLine {
      var list = BuilderList()
      _ = list.take(.builder(builder))
      if let outcome { list.take(outcome, of: builder.id) }
      return try #require(list.lines.first)
    }
    #expect(try line(builder("a"), nil).state == "asking")
    #expect(try line(builder("a", place: "tcp://h:1"), .failed(gone)).words(in: .si) == "nobody answers at tcp://h:1")
    #expect(try line(builder("a"), .failed(gone)).words(in: .si) == gone.description)
    let words: [(CacheError.Obstacle?, String)] = [
      (.gone, "gone"), (.asleep, "asleep"), (.silent, "slow"), (.forbidden, "refused"), (nil, "error"),
    ]
    for (obstacle, word) in words {
      #expect(try line(builder("a"), .failed(CacheError(.unreachable, "m", obstacle: obstacle))).state == word)
    }
    let asleep = CacheError(.unreachable, "it sleeps", obstacle: .asleep)
    #expect(try line(builder("a", waking: "wake a"), .failed(asleep)).words(in: .si) == "`wake a` wakes it")
    #expect(try line(builder("a"), answered(reading([1]))).state == "ok")
    #expect(try line(builder("a"), answered(reading([1], ranking: .seed))).state == "old")
    // One that can't be asked is never asked.
    var list = BuilderList()
    #expect(list.take(.builder(builder("b", error: asleep))) == nil)
    #expect(list.lines.first?.state == "asleep")
  }

  @Test("a search anew keeps what is known until it is told otherwise, asks none twice, and drops what is gone")
  func again() throws {
    var list = list([("a", try answered(reading([5]))), ("b", try answered(reading([6]))), ("c", nil)])
    list.beginSearch()
    #expect(list.take(.builder(builder("a"))) != nil)
    #expect(list.take(.builder(builder("c"))) == nil, "it is being asked")
    #expect(list.take(.builder(builder("a"))) == nil)
    #expect(list.lines.map(\.builder.name) == ["b", "a", "c"])
    #expect(list.lines[1].figures?.totals.all.bytes == 5)
    list.endSearch(keeping: "id of b")
    #expect(list.lines.count == 3, "it is open")
    list.endSearch()
    #expect(list.lines.map(\.builder.name) == ["a", "c"])
    list.take(.failed(CacheError(.unreachable, "nobody")), of: "id of a")
    #expect(list.lines.map(\.state) == ["asking", "error"])
    list.take(.failed(CacheError(.unreachable, "late")), of: "id of b")
    #expect(list.lines.count == 2)
  }

  @Test("as JSON it leaves out what isn't known") func json() throws {
    let rules = [PrunePolicy(all: true, keepBytes: 10 * gigabyte)]
    let list = list([
      ("a", try answered(reading([3 * gigabyte], rules: rules, free: 50 * gigabyte))),
      ("b", .failed(CacheError(.unreachable, "nobody", obstacle: .gone))),
    ])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let lines = try list.lines.map { String(decoding: try encoder.encode(BuilderRow($0)), as: UTF8.self) }
    #expect(
      lines[0]
        == #"{"collection":{"bytes":7000000000,"state":"after"},"diskCapacity":100000000000,"diskFree":50000000000,"#
        + #""inUse":0,"internal":0,"kind":"remote","name":"a","notes":[],"place":"","reclaimable":3000000000,"records":1,"#
        + #""rules":["all, max used 10.0 GB"],"sharedUnused":0,"size":3000000000,"state":"ok"}"#)
    #expect(lines[1] == #"{"kind":"remote","name":"b","notes":[],"place":"","reason":"nobody","state":"gone"}"#)
  }

  @Test("the rules are asked for elsewhere only where the daemon doesn't tell them") func rules() async throws {
    struct Source: CacheSource {
      let told: Reading
      let identity = SourceIdentity(kind: .daemon, words: "d", key: "d")
      func glimpse(of count: Int) async throws -> CacheState? { nil }
      func read() async throws -> Reading { told }
      func pruning() async -> Permission<any CachePruner> { .refused(why: "no") }
      func insight() async -> Permission<any CacheInsight> { .refused(why: "no") }
    }
    let other = [PrunePolicy(keepBytes: 5)]
    for (own, expected) in [(nil, other), ([], [])] as [([PrunePolicy]?, [PrunePolicy])] {
      let source = Source(told: reading([1], rules: own))
      let way = Builder.Way(listed: source, opened: source) { other }
      let found = Builder(id: "d", name: "d", kind: "docker", place: "", way: .success(way))
      #expect(try await found.read().rules == expected)
    }
  }
}
