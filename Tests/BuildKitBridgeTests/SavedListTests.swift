import BuildCache
import CacheReport
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BuildKitBridge

@Suite("Saved lists of disk usage") struct SavedListTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: Self.folder.appending(path: name)))
  }

  private func rows(_ state: CacheState) -> [UsageRow] { state.rows.indices.map { UsageRow(state, $0) } }

  @Test("an array and one object a line say the same; G13: a look between them counted uses")
  func bothForms() throws {
    let array = rows(try SavedDiskUsage(try bytes("du.json"), name: "du.json").state)
    let lines = rows(try SavedDiskUsage(try bytes("du.jsonl"), name: "du.jsonl").state)
    // The array was saved a little later: looking had counted a use of nine mutable records meanwhile.
    #expect(array.map(\.id) == lines.map(\.id))
    #expect(array.map(\.parents) == lines.map(\.parents))
    let used = zip(array, lines).filter { $0 != $1 }
    #expect(used.count == 9)
    #expect(used.allSatisfy { $1.isMutable && !$1.inUse && $0.usageCount == $1.usageCount + 1 })
    #expect(array.count == 137)
    let row = try #require(array.first { $0.id == "6biku5wgeebf08uzphmtm41m9" })
    #expect(row.parents.count == 4)
    #expect(row.usageCount == 2)
    #expect(row.lastUsedAt?.text == "2026-11-24T03:41:37.266710818Z")
    #expect(array.first { $0.id == "05rvbkv7bdglr3tbp9luaz3u2" }?.lastUsedAt == nil)
  }

  @Test("a list keeps the contract of sources, and is neither pruned nor looked into") func contract() async throws {
    let file = Self.folder.appending(path: "du.jsonl")
    let source = try SavedList(readingFrom: file.path)
    try await checkContract(of: source, refusesPruning: true, refusesInsight: true) { try Data(contentsOf: file) }
    #expect(source.pruning().refusal == "a saved list")
  }

  @Test("what is written of a list is read as the same") func bothWays() throws {
    let usage = try SavedDiskUsage(try bytes("du.json"), name: "du.json")
    let written = Array(try JSONEncoder().encode(rows(usage.state)))
    let read = try SavedDiskUsage(written, name: "written")
    #expect(read.state == usage.state)
    #expect(read.notes.isEmpty && read.planRefusal == nil)
  }

  private static func row(_ number: Int, size: Int) -> String {
    #"{"id":"r\#(number)","size":\#(size),"createdAt":"2026-01-01T00:00:00Z","description":"},{\"id\":\"no\"} },{"}"#
  }

  @Test("nothing is read before it is asked for, and a file is read anew each time") func readsAnew() async throws {
    let scratch = try ScratchFolder()
    let file = URL(filePath: scratch.path.appending("list.json").string)
    try Data("damaged".utf8).write(to: file)
    let source = try SavedList(readingFrom: file.path)
    await #expect(throws: CacheError.self) { try await source.read() }
    try Data("[\(Self.row(1, size: 1))]".utf8).write(to: file)
    #expect(try await source.read().state.rows.map(\.id) == ["r1"])
    try Data("[\(Self.row(2, size: 1))]".utf8).write(to: file)
    #expect(try await source.read().state.rows.map(\.id) == ["r2"])
    #expect(throws: CacheError(.storage, "can't read \(file.path)/x", cause: "Not a directory")) {
      _ = try SavedList(readingFrom: file.path + "/x")
    }
  }

  @Test("ages in words are counted from when the file was written, whenever it is read") func ages() async throws {
    let scratch = try ScratchFolder()
    let file = scratch.path.appending("list.json").string
    let row =
      #"{"ID":"a","Size":"1kB","CreatedAt":"2026-11-26 10:00:00 +0000 UTC","LastUsedAt":"2 hours ago","Mutable":true,"#
      + #""Type":"exec.cachemount"}"#
    try Data(row.utf8).write(to: URL(filePath: file))
    let written = Date(timeIntervalSince1970: 1_790_000_000)
    try FileManager.default.setAttributes([.modificationDate: written], ofItemAtPath: file)
    let clock = TestClock()
    let source = try SavedList(readingFrom: file, clock: clock)
    for _ in 0..<2 {
      let reading = try await source.read()
      #expect(reading.state.rows[0].lastUsedAt == Timestamp(nanoseconds: (1_790_000_000 - 7200) * 1_000_000_000))
      #expect(reading.moment == clock.now())
      clock.advance(by: 1_000_000_000)
    }
  }

  @Test("a pipe is read once and kept, whoever asks, and what came is not lost where one who waited goes away")
  func pipe() async throws {
    let ends = try FileDescriptor.pipe()
    let source = try SavedList(readingFrom: "/dev/fd/\(ends.readEnd.rawValue)")
    try ends.writeEnd.writeAll("[\(Self.row(1, size: 7)),\(Self.row(2, size: 9)),".utf8)
    let glimpse = try #require(try await source.glimpse(of: 5))
    #expect(glimpse.rows.map(\.id) == ["r2", "r1"])
    let waiting = Task { try await source.read() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    try ends.writeEnd.writeAll("\(Self.row(3, size: 8))]".utf8)
    try ends.writeEnd.close()
    #expect(try await source.read().state.rows.map(\.id) == ["r1", "r2", "r3"])
    try ends.readEnd.close()
    try await checkContract(of: source, refusesPruning: true, refusesInsight: true) { 0 }
    #expect(try await source.glimpse(of: 5) == nil)
  }

  @Test(
    "the first look at a long list is at both its ends, in either order, and not deceived by texts",
    arguments: [true, false])
  func glimpse(isRising: Bool) async throws {
    let scratch = try ScratchFolder()
    let file = URL(filePath: scratch.path.appending("list.json").string)
    let count = 1500
    let filling = String(repeating: "x", count: 1000)
    let rows = (1...count).map { number in
      Self.row(number, size: isRising ? number : count - number).replacing("no", with: filling)
    }
    for text in [
      "[" + rows.joined(separator: ",") + "]", rows.joined(separator: "\n"), "[\n" + rows.joined(separator: " ,\n"),
    ] {
      try Data(text.utf8).write(to: file)
      let source = try SavedList(readingFrom: file.path)
      let glimpse = try #require(try await source.glimpse(of: 3))
      #expect(glimpse.rows.map(\.id) == (isRising ? ["r1500", "r1499", "r1498"] : ["r1", "r2", "r3"]))
      guard text.hasSuffix("]") else { continue }
      try await checkContract(of: source, refusesPruning: true, refusesInsight: true) { try Data(contentsOf: file) }
    }
  }

  private struct Recorded: Decodable {
    let filters: [String]
    let rc: Int
    let ids: [RecordID]
  }

  @Test("D7: filters pick what the daemon picked") func filters() throws {
    let state = try SavedDiskUsage(try bytes("du.jsonl"), name: "du.jsonl").state
    var count = 0
    for line in try bytes("du-filters.jsonl").split(separator: 10) {
      let recorded = try JSONDecoder().decode(Recorded.self, from: Data(line))
      count += 1
      guard recorded.rc == 0 else {
        #expect(throws: CacheError.self, "\(recorded.filters)") { try Filter(parsing: recorded.filters) }
        continue
      }
      let picked = state.keeping(
        matching: try Filter(parsing: recorded.filters), now: Timestamp(nanoseconds: 0)
      ).rows.map(\.id)
      #expect(Set(picked) == Set(recorded.ids), "\(recorded.filters)")
    }
    #expect(count > 25)
  }

  @Test("a row is a candidate when it is not in use and no row that is left names it") func candidates() throws {
    let text = """
      {"id":"a","size":5,"createdAt":"2026-01-01T00:00:00Z","inUse":false}
      {"id":"b","size":5,"createdAt":"2026-01-01T00:00:00Z","inUse":true,"parents":["a"]}
      {"id":"c","size":5,"createdAt":"2026-01-01T00:00:00Z","parents":["gone"]}
      """
    let state = try SavedDiskUsage(Array(text.utf8), name: "x").state
    let plan = try PrunePlan(
      state, policies: [PrunePolicy()], behavior: .daemon(.current, restart: .never), now: Timestamp(nanoseconds: 0))
    #expect(plan.victims.map { state.rows[$0.row].id } == ["c"])
    #expect(state.parentIDs(of: 2) == ["gone"])
  }

  @Test(
    "a damaged list is refused, by name and place",
    arguments: [
      ("", "x.json is empty"), ("[", "x.json: "), ("{}", "line 1: \"id\" is missing"),
      (
        "[{\"id\":\"a\",\"size\":1,\"createdAt\":\"2026-01-01T00:00:00Z\"},{\"id\":\"b\"}]",
        "row 2: \"size\" is missing"
      ),
      ("{\"id\":\"a\",\"size\":\"1\"}", "\"size\" is of the wrong kind"),
      ("{\"id\":\"a\",\"size\":-1,\"createdAt\":\"2026-01-01T00:00:00Z\"}", "negative"),
      ("{\"id\":\"a\",\"size\":1,\"createdAt\":\"yesterday\"}", "yesterday is no time"),
      ("nonsense", "this is no JSON"),
      (
        "{\"id\":\"a\",\"size\":1,\"createdAt\":\"2026-01-01T00:00:00Z\",\"parents\":[\"a\"]}", "go in a circle"
      ),
      (
        "{\"id\":\"a\",\"size\":1,\"createdAt\":\"2026-01-01T00:00:00Z\"}\n{\"id\":\"a\",\"size\":1,\"createdAt\":\"2026-01-01T00:00:00Z\"}",
        "have the same id a"
      ),
    ])
  func damaged(_ text: String, _ words: String) {
    #expect {
      _ = try SavedDiskUsage(Array(text.utf8), name: "x.json")
    } throws: { error in
      let error = error as? CacheError
      return error?.code == .badList && error?.message.contains("x.json") == true
        && error?.message.contains(words) == true
    }
  }
}
