import BuildCache
import CacheReport
import Foundation
import Testing

@testable import BuildKitBridge

/// A list of the fixtures.
private func fixture(_ name: String) throws -> [UInt8] {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/lists")
  return Array(try Data(contentsOf: folder.appending(path: name)))
}

private func usage(_ name: String) throws -> SavedDiskUsage { try SavedDiskUsage(try fixture(name), name: name) }

private func usage(text: String) throws -> SavedDiskUsage { try SavedDiskUsage(Array(text.utf8), name: "x") }

/// What the programs that write lists wrote of caches of real daemons.
@Suite("Lists in every form") struct ListFormTests {
  /// A row as far as forms tell the same: in order of ids, without sizes and times.
  private struct Shape: Equatable, CustomStringConvertible {
    let id: RecordID
    let parents: [RecordID]
    let type: RecordType
    let uses: Int
    let isShared: Bool
    let words: String

    var description: String { "\(id) \(parents) \(type.rawValue) \(uses) \(isShared) \(words)" }
  }

  private func shapes(_ state: CacheState) -> [Shape] {
    state.rows.indices.map { number in
      let row = UsageRow(state, number)
      return Shape(
        id: row.id, parents: row.parents, type: row.recordType, uses: row.usageCount, isShared: row.isShared,
        // BuildKit's text fills up with tabs, wherever it finds one.
        words: row.description.replacing("\t\t", with: "\t"))
    }.sorted { $0.id < $1.id }
  }

  @Test(
    "the forms of one cache tell the same records, types, uses and parents",
    arguments: [
      ["buildctl.json", "buildctl-verbose.txt", "buildx.json", "buildx-verbose.txt"],
      ["buildctl-v0.10.jsonl", "buildctl-v0.10-verbose.txt"],
      ["engine-1.56.json", "engine-1.56-verbose.json", "docker-df-v.json", "buildx-engine.json"],
    ])
  func same(_ names: [String]) throws {
    let first = try usage(names[0]).state
    #expect(first.rows.count > 40)
    for name in names.dropFirst() {
      let other = try usage(name).state
      // Between two lists a look counted a use of what had no size yet (G13).
      let (a, b) = (shapes(first), shapes(other))
      #expect(a.map(\.id) == b.map(\.id), "\(name)")
      for (a, b) in zip(a, b) where a != b {
        #expect(
          a.parents == b.parents && a.type == b.type && a.words == b.words && abs(a.uses - b.uses) <= 1, "\(name)")
      }
      #expect(abs(first.total - other.total) < 20_000, "\(name)")
    }
  }

  @Test("what buildctl's text rounds are sizes only") func verbose() throws {
    for (json, text) in [
      ("buildctl.json", "buildctl-verbose.txt"), ("buildctl-v0.10.jsonl", "buildctl-v0.10-verbose.txt"),
    ] {
      let (exact, rounded) = (try usage(json).state, try usage(text))
      #expect(rounded.notes.count == 1)
      #expect(rounded.notes.first?.contains("rounded, the largest to steps of 10.0 kB") == true)
      #expect(rounded.planRefusal == nil)
      for row in rounded.state.rows {
        let number = try #require(exact.index(of: row.id))
        let other = exact.rows[number]
        #expect(row.createdAt == other.createdAt && row.isMutable == other.isMutable && row.inUse == other.inUse)
        #expect(abs(row.size - other.size) <= 5_000, "\(row.id)")
      }
    }
  }

  @Test("an Engine's answer: parents by either name, exact sizes; what is mutable follows from the type") func engine()
    throws
  {
    let old = try usage("engine-20.10.json")
    #expect(old.state.rows.count == 65)
    #expect(old.state.rows.reduce(0) { $0 + $1.size } == 23_750_177)  // its BuilderSize
    let number = try #require(old.state.index(of: "iupptmhjo5vonamnpapp0wn87"))
    #expect(old.state.parentIDs(of: number) == ["yj640z1ww4deuyfbsnxx9z1px"])
    #expect(old.state.rows[number].lastUsedAt?.text == "2026-11-26T10:46:48.41024227Z")
    #expect(old.planRefusal == nil)
    let new = try usage("engine-1.56.json")
    #expect(new.state.rows.reduce(0) { $0 + $1.size } == 23_750_183)  // its TotalSize
    #expect(new.state.total == 8_800_076)  // its Reclaimable
    // What `docker system df` and `docker buildx du` said by these words of the same cache.
    let totals = UsageTotals(new.state)
    #expect(totals.neitherInUseNorShared.bytes == 8_800_076 && ByteCount(totals.unshared.bytes).text == "8.8 MB")
    #expect(ByteCount(totals.notInUse.bytes).text == "23.8 MB" && ByteCount(totals.shared.bytes).text == "15.0 MB")
    for usage in [old, new] {
      for row in usage.state.rows {
        #expect(row.isMutable == ["exec.cachemount", "source.local"].contains(row.recordType.rawValue))
      }
      #expect(
        usage.notes == [
          "this list tells no kinds, nor what is mutable: cache mounts and local sources are, of others it isn't known"
        ])
    }
  }

  @Test("the docker client's: texts for everything, times exact, several parents in one text") func docker() throws {
    let list = try usage("docker-df-v.json")
    #expect(list.state.rows.count == 64)
    #expect(list.notes.contains { $0.contains("rounded, the largest to steps of 10.0 kB") })
    #expect(!list.notes.contains { $0.contains("ages") })
    let row = #"""
      {"BuildCache":[{"CacheType":"regular","CreatedAt":"2026-11-26 12:46:10.5 +0200 CEST","ID":"a","InUse":"true",
      "LastUsedAt":"0001-01-01 00:00:00 +0000 UTC","Parent":"p, q","Shared":"false","Size":"1.02GB","UsageCount":"7"}]}
      """#
    let state = try usage(text: row).state
    #expect(state.parentIDs(of: 0) == ["p", "q"])
    #expect(state.rows[0].createdAt.text == "2026-11-26T10:46:10.5Z")
    #expect(state.rows[0].lastUsedAt == nil && state.rows[0].inUse && state.rows[0].usageCount == 7)
    #expect(try usage(text: row).notes.first?.contains("steps of 10.0 MB") == true)
  }

  @Test("buildx tells ages in words, which are counted from when the list was written") func ages() throws {
    let written = try Timestamp(parsing: "2026-11-26T12:00:00Z")
    let list = try SavedDiskUsage(try fixture("buildx.json"), name: "x", written: written)
    #expect(list.notes.contains { $0.contains("the order of victims is not exact") })
    #expect(list.notes.contains { $0.contains("steps of 1.0 kB") })
    #expect(list.planRefusal == nil)
    let number = try #require(list.state.index(of: "h45qrlwpvxistvs0ca10i623i"))
    #expect(list.state.rows[number].lastUsedAt?.text == "2026-11-26T11:59:00Z")  // About a minute ago
    let text = try SavedDiskUsage(try fixture("buildx-verbose.txt"), name: "x", written: written)
    let rows = text.state.rows.sorted { $0.id < $1.id }
    #expect(rows.map(\.lastUsedAt) == list.state.rows.sorted { $0.id < $1.id }.map(\.lastUsedAt))
  }

  @Test("a list that keeps parents back is shown, and never planned as if nobody had one") func withoutParents() throws
  {
    let list = try usage("buildx-20.10.json")
    #expect(list.state.rows.count == 55)
    #expect(list.notes.first?.contains("names no parents") == true)
    let why = try #require(list.planRefusal)
    #expect(why.contains("curl --unix-socket /var/run/docker.sock http://localhost/system/df"))
    // What has none by nature is planned.
    let alone =
      #"{"ID":"a","Size":"1B","CreatedAt":"2026-11-26 10:00:00 +0000 UTC","Parents":null,"Mutable":MUTABLE,"#
      + #""Reclaimable":true,"Description":"WORDS","Type":"TYPE","UsageCount":1}"#
    for (words, type, mutable, isRefused) in [
      ("pulled from docker.io/library/alpine:3", "regular", "false", false),
      ("fileop target", "regular", "false", true),
      ("cached mount /c from exec", "exec.cachemount", "true", false), ("[2/3] RUN make", "regular", "false", true),
      ("[stage-1 1/3] COPY a /", "regular", "false", false), ("local source for x", "source.local", "true", false),
    ] {
      let text = alone.replacing("WORDS", with: words).replacing("TYPE", with: type).replacing("MUTABLE", with: mutable)
      #expect((try usage(text: text).planRefusal != nil) == isRefused, "\(words)")
    }
    // BuildKit's own are told of, and planned.
    let own = try usage(
      text: #"[{"id":"a","size":1,"createdAt":"2026-01-01T00:00:00Z","description":"mount / from exec /bin/sh"}]"#)
    #expect(own.planRefusal == nil)
    #expect(own.notes.first?.contains("names no parents") == true)
  }

  private static let row = #"{"id":"a","size":1,"createdAt":"2026-01-01T00:00:00Z"}"#
  private static let engineRow = #"{"ID":"a","Size":1,"Type":"regular","CreatedAt":"2026-01-01T00:00:00Z"}"#

  @Test(
    "as many rows as there are, however they are put together",
    arguments: [
      ("null", 0), ("[]", 0), (" null\n", 0), ("[\(row)]", 1),
      ("\(row)\r\n\(row.replacing("\"a\"", with: "\"b\""))\r\n", 2),
      (
        "{\n  \"createdAt\": \"2026-01-01T00:00:00Z\",\n  \"size\": 1,\n  \"new\": {\"x\": [{}, null]},\n  \"id\": \"a\"\n}\n\(row.replacing("\"a\"", with: "\"b\""))",
        2
      ),
      (#"{"BuildCache":null}"#, 0), (#"{"BuildCache":[],"BuildCacheUsage":{"TotalCount":0}}"#, 0),
      (#"{"BuildCacheUsage":{"Items":[\#(engineRow)],"TotalCount":1}}"#, 1),
      (
        #"{"BuildCacheUsage":{"TotalCount":1,"Items":[\#(engineRow)]},"Images":[{"Id":"x"}],"BuildCache":[\#(engineRow)]}"#,
        1
      ),
      (#"{"Images":[{"ID":"x","Size":"1MB"}],"BuildCache":[\#(engineRow)],"LayersSize":3}"#, 1),
      ("[\(engineRow)]", 1), (engineRow, 1), ("Reclaimable:\t0B\nTotal:\t\t0B\n", 0),
      (#"[{"\u0069d":"a","size":1,"createdAt":"2026-01-01T00:00:00Z"}]"#, 1),
    ] as [(String, Int)])
  func together(_ text: String, _ count: Int) throws {
    #expect(try usage(text: text).state.rows.count == count)
    // As PowerShell and other editors write it; and a byte at a time, as a pipe may give it.
    let utf16 = Array(text.utf16)
    let little = utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let big = utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    for bytes in [[0xef, 0xbb, 0xbf] + Array(text.utf8), [0xff, 0xfe] + little, [0xfe, 0xff] + big, little] {
      #expect(try SavedDiskUsage(bytes, name: "x").state.rows.count == count)
      var rest = bytes[...]
      let slowly = try SavedDiskUsage(name: "x", written: Timestamp(nanoseconds: 0)) { rest.popFirst().map { [$0] } }
      #expect(slowly.state.rows.count == count)
    }
  }

  @Test("a list that comes in pieces, wherever it is cut, says the same", arguments: [13, 100, 4096])
  func pieces(_ size: Int) throws {
    for name in ["buildctl.json", "buildctl-verbose.txt", "engine-1.56.json", "docker-df-v.json"] {
      let bytes = try fixture(name)
      var rest = bytes[...]
      let list = try SavedDiskUsage(name: name, written: Timestamp(nanoseconds: 0)) {
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(size) }
        return Array(rest.prefix(size))
      }
      #expect(list.state == (try usage(name)).state)
    }
  }

  @Test("a description's lines, blanks and letters come through both kinds of text") func descriptions() throws {
    let words = "first\n\nSize: none\n  {\"id\":1} é\u{1f680} "
    let lines = [
      "ID:\t\ta", "Created at:\t2026-11-26 10:00:00 +0000 UTC", "Mutable:\tfalse", "Size:\t\t1.00kB",
      "Description:\t\(words)", "Usage count:\t3", "Type:\t\tregular", "",
    ]
    let columns = [
      "ID:           a", "Parents:", " - p", " - q", "Created at:   2026-11-26 10:00:00 +0000 UTC", "Size:         1kB",
      "Description:  \(words)", "Usage count:  3", "Last used:    3 weeks ago", "Type:         regular", "",
      "Total: 1kB",
    ]
    for end in ["\n", "\r\n"] {
      let state = try usage(text: lines.joined(separator: end)).state
      #expect(state.rows.map(\.description) == [words])
      #expect(state.rows[0].usageCount == 3 && state.rows[0].lastUsedAt == nil)
      let other = try usage(text: columns.joined(separator: end)).state
      #expect(other.rows.map(\.description) == [words])
      #expect(other.parentIDs(of: 0) == ["p", "q"])
    }
    // Characters of two halves, and halves alone, in UTF-16.
    let odd = Array(#"{"id":"a","size":1,"createdAt":"2026-01-01T00:00:00Z","description":"é€🚀"}"#.utf16)
    let halves: [UInt16] = odd.dropLast(2) + [0xd83d, 0xd83d, 0xde80, 0xdc00] + odd.suffix(2)
    let bytes: [UInt8] = [0xff, 0xfe] + halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    for size in [1, 3, 1000] {
      var rest = bytes[...]
      let list = try SavedDiskUsage(name: "x", written: Timestamp(nanoseconds: 0)) {
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(size) }
        return Array(rest.prefix(size))
      }
      #expect(list.state.rows[0].description == "é\u{20ac}\u{1f680}\u{fffd}\u{1f680}\u{fffd}")
    }
    let json = try JSONEncoder().encode([words])
    let row = #"{"id":"a","size":1,"createdAt":"2026-01-01T00:00:00Z","description":"#
    let text = row + String(decoding: json.dropFirst().dropLast(), as: UTF8.self) + "}"
    #expect(try usage(text: text).state.rows[0].description == words)
    let escapes = #"\ud83d\ude80 \ud83d \u003c\/\b\f\n\r\t\"\\"#
    #expect(
      try usage(text: row + "\"" + escapes + "\"}").state.rows[0].description
        == "\u{1f680} \u{fffd} </\u{8}\u{c}\n\r\t\"\\")
  }

  @Test("what only a prune removed is wondered at") func removed() throws {
    let row = #"{"id":"a","size":1,"createdAt":"2026-01-01T00:00:00Z","recordType":""}"#
    #expect(try usage(text: row).notes.first?.contains("`buildctl prune` removed") == true)
  }
}
