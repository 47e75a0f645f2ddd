import BuildCache
import CacheReport
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BuildKitBridge

@Suite("Hostile lists and files") struct HostileFileTests {
  private static let row = #"{"id":"ok","size":1,"createdAt":"2026-01-01T00:00:00Z"}"#

  @Test(
    "a number that can't be counted is refused by its row and key",
    arguments: ["1e400", "1.5", "-1", "9223372036854775808", "-9223372036854775808", "1e-5", "123456789e99999"])
  func numbers(_ number: String) {
    for key in ["size", "usageCount"] {
      let size = key == "size" ? "" : "\"size\":1,"
      let row = "{\"id\":\"a\",\(size)\"\(key)\":\(number),\"createdAt\":\"2026-01-01T00:00:00Z\"}"
      for (text, place) in [("[\(Self.row),\(row)]", "row 2"), ("\(Self.row)\n\n\(row)", "line 3")] {
        #expect {
          _ = try SavedDiskUsage(Array(text.utf8), name: "x.json")
        } throws: { error in
          let error = error as? CacheError
          return error?.code == .badList && error?.message.hasPrefix("x.json: \(place): \"\(key)\": it is ") == true
        }
      }
    }
  }

  @Test("numbers at their ends are taken; more uses than can be counted further are as many as can")
  func ends() throws {
    let text = """
      [{"id":"a","size":9223372036854775807,"usageCount":9223372036854775807,"createdAt":"1678-01-01T00:00:00Z"},
      {"id":"b","size":-0,"usageCount":1e3,"createdAt":"2261-12-31T23:59:59.999999999-23:59","parents":["a"]}]
      """
    let state = try SavedDiskUsage(Array(text.utf8), name: "x").state
    #expect(state.rows.map(\.size) == [.max, 0])
    #expect(state.rows.map(\.usageCount) == [CacheState.Row.mostUses, 1000])
  }

  @Test("lists that go deep, and rows of the wrong kinds, are refused") func deep() {
    let brackets = String(repeating: "[", count: 100_000)
    let objects = String(repeating: "{\"id\":", count: 100_000)
    let parents = "\"size\":1,\"createdAt\":\"2026-01-01T00:00:00Z\",\"parents\":"
    for text in [
      brackets, objects, objects + "1" + String(repeating: "}", count: 100_000), "[1]", "[null]", "[[]]", "{\"id\":1}",
      "{\"id\":\"a\",\(parents)\(brackets)", "{\"id\":\"a\",\(parents)[1]}", "{\"id\":\"a\",\(parents){}}", "1",
      "\"a\"",
      "[\(Self.row)", "\u{0}", "[\(Self.row),]x",
    ] {
      #expect {
        _ = try SavedDiskUsage(Array(text.utf8), name: "x.json")
      } throws: { ($0 as? CacheError)?.code == .badList }
    }
  }

  @Test("whatever a list holds, it is read or refused, and what is read can be planned") func anyList() throws {
    let sample = Array(
      """
      [{"id":"a","size":9223372036854775807,"createdAt":"2026-01-01T00:00:00Z","usageCount":3,"inUse":false},
      {"id":"b","size":12,"createdAt":"2026-01-01T00:00:00.123456789+02:00","lastUsedAt":"2026-01-02T00:00:00Z",
      "parents":["a","a"],"description":"x\\u009b\\n","recordType":"internal","shared":true,"kind":"layer"}]
      """.utf8)
    let hostile = Array("[]{}\"\\,:-+.e019truefalsn \n\0\u{7f}\u{e9}".utf8)
    var read = 0
    for seed in 1...UInt64(long(1500)) {
      var random = SeededGenerator(seed)
      var bytes = sample
      for _ in 0..<random.pick(1...3) where !bytes.isEmpty {
        let place = random.pick(0...(bytes.count - 1))
        switch random.pick(0...3) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(hostile[random.pick(0...(hostile.count - 1))], at: place)
        case 2: bytes[place] = hostile[random.pick(0...(hostile.count - 1))]
        default: bytes.insert(contentsOf: bytes[place...].prefix(random.pick(1...40)), at: place)
        }
      }
      guard let state = try? SavedDiskUsage(bytes, name: "x").state else { continue }
      read += 1
      let plan = try PrunePlan(
        state, policies: [PrunePolicy(all: true, keepBytes: 1)], behavior: .daemon(.current, restart: .before),
        now: Timestamp(nanoseconds: .max))
      #expect(plan.count + plan.kept.count == state.rows.count)
    }
    #expect(read > 0)
  }

  @Test(
    "whatever a list of another program holds, in whichever pieces it comes, it is read or refused as a bad list",
    arguments: [
      #"{"LayersSize":1,"Images":[{"Id":"x"}],"BuildCache":[{"ID":"a"," Parents":["b","c"],"Type":"regular","InUse":false,"#
        + #""Size":3,"CreatedAt":"2026-11-26T10:46:48.38Z","LastUsedAt":null,"UsageCount":1}],"#
        + #""BuildCacheUsage":{"Items":[],"TotalCount":1}}"#,
      #"{"BuildCache":[{"CacheType":"regular","CreatedAt":"2026-11-26 10:46:10.08 +0000 UTC","ID":"a","InUse":"false","#
        + #""LastUsedAt":"","Parent":"b, c","Shared":"true","Size":"3.1MB","UsageCount":"1"}]}"#,
      #"{"CreatedAt":"2026-11-26 10:46:45.91 +0000 UTC","Description":"x\ud83d\ude80","ID":"a","LastUsedAt":"10 minutes ago","#
        + #""Mutable":false,"Parents":["b"],"Reclaimable":true,"Shared":true,"Size":"12.5kB","Type":"regular","UsageCount":1}"#,
      "ID:\t\ta\nParents:\tb;c\nCreated at:\t2026-11-26 10:46:45.91 +0000 UTC\nMutable:\tfalse\nSize:\t\t4.10kB\n"
        + "Description:\tx\ny\nUsage count:\t1\nType:\t\tregular\n\nTotal:\t4.10kB\n",
      "ID:           a\nParents:\n - b\nCreated at:   2026-11-26 10:46:45.91 +0000 UTC\nReclaimable:  true\nSize:         4kB\n"
        + "Usage count:  1\nLast used:    2 weeks ago\nType:         regular\n\nTotal:\t4kB\n",
    ])
  func anyForm(_ sample: String) throws {
    let hostile = Array("[]{}\"\\,:-+.e019 \t\n\r\0\u{7f}\u{e9}kMGB".utf8)
    var read = 0
    for seed in 1...UInt64(long(300)) {
      var random = SeededGenerator(seed)
      var bytes = Array(sample.utf8)
      for _ in 0..<random.pick(0...2) where !bytes.isEmpty {
        let place = random.pick(0...(bytes.count - 1))
        switch random.pick(0...3) {
        case 0: bytes.remove(at: place)
        case 1: bytes[place] = hostile[random.pick(0...(hostile.count - 1))]
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.pick(1...30)))
        default: bytes.insert(contentsOf: bytes[place...].prefix(random.pick(1...40)), at: place)
        }
      }
      var rest = bytes[...]
      let piece = random.pick(1...40)
      do {
        _ = try SavedDiskUsage(name: "x", written: Timestamp(nanoseconds: .min)) {
          guard !rest.isEmpty else { return nil }
          defer { rest = rest.dropFirst(piece) }
          return Array(rest.prefix(piece))
        }
        read += 1
      } catch {
        #expect((error as? CacheError)?.code == .badList, "\(error)")
      }
    }
    #expect(read > 0)
  }

  @Test("what is no file is refused at once, but for a pipe that was open before") func noFiles() throws {
    let scratch = try ScratchFolder()
    let fifo = scratch.path.appending("fifo").string
    #expect(mkfifo(fifo, 0o600) == 0)
    let link = scratch.path.appending("link").string
    #expect(symlink(fifo, link) == 0)
    let socket = try #require(URL(string: "file://\(scratch.path.appending("socket").string)")).path
    let listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(socket.utf8.prefix(107))) }
    let bound = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    for (path, words) in [
      (fifo, "it is a fifo, not a file"), (link, "it is a fifo, not a file"), (socket, "it is a socket, not a file"),
      (scratch.path.string, "it is a folder, not a file"), ("/dev/zero", "it is a device, not a file"),
    ] {
      for read in [{ _ = try SavedList(readingFrom: path) }, { _ = try DaemonConfig(readingFrom: path) }] {
        #expect(throws: CacheError(.storage, "can't read \(path)", cause: words)) { try read() }
      }
    }
    let ends = try FileDescriptor.pipe()
    try ends.writeEnd.writeAll("[]".utf8)
    try ends.writeEnd.close()
    #expect(try readFile("/dev/fd/\(ends.readEnd.rawValue)") == Array("[]".utf8))
    try ends.readEnd.close()
    #expect(throws: CacheError(.badInput, "\(socket).toml has more than 3 bytes")) {
      try Data("1234".utf8).write(to: URL(filePath: socket + ".toml"))
      _ = try readFile(socket + ".toml", limit: 3)
    }
  }

  @Test(
    "shares that can't be reckoned stay at the ends",
    arguments: [
      ("9223372036854775807%", 8_589_934_592_000_000_000), ("-9223372036854775808%", 0),
      ("100%", 8_589_934_592_000_000_000),
    ] as [(String, Int64)])
  func shares(_ text: String, _ bytes: Int64) throws {
    let rule = "[[worker.oci.gcpolicy]]\nreservedSpace = \"\(text)\""
    let policy = try DaemonConfig(rule, name: "x").collection(
      for: .current, diskSize: .max, now: Timestamp(nanoseconds: 0)
    ).policies.first
    #expect(policy?.limits.reserved == bytes)
  }

  @Test("a configuration that goes deeper than any is refused by its line") func deepConfig() throws {
    let many = 100_000
    let dots = Array(repeating: "a", count: many).joined(separator: ".")
    for (text, words) in [
      ("x = 1\n\(dots) = 1", "x.toml: line 2: a key has more than 32 parts"),
      ("[\(dots)]", "x.toml: line 1: a key has more than 32 parts"),
      ("[[\(dots)]]", "x.toml: line 1: a key has more than 32 parts"),
      ("a = {\(dots) = 1}", "x.toml: line 1: a key has more than 32 parts"),
      ("a = " + String(repeating: "[", count: many), "x.toml: line 1: more than 32 brackets are open"),
      ("a = " + String(repeating: "{a=", count: many), "x.toml: line 1: more than 32 brackets are open"),
    ] {
      #expect(throws: CacheError(.badInput, words)) { try DaemonConfig(text, name: "x.toml") }
    }
    let rules = String(repeating: "[[worker.oci.gcpolicy]]\n", count: 101)
    #expect(throws: CacheError(.badInput, "x.toml: worker.oci.gcpolicy has more than 100 rules")) {
      try DaemonConfig(rules, name: "x.toml")
    }
    let floats = Array(repeating: "1.5", count: 1000).joined(separator: ", ")
    #expect(throws: Never.self) { try DaemonConfig("a.b.c = [\(floats)]\n[a.c]\nb = 1.5", name: "x") }
  }
}
