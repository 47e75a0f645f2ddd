import BuildCache
import Foundation
import Testing

@testable import BuildKitBridge

@Suite("What is no list that serves is refused by its name, with what helps") struct ListRefusalTests {
  private static let engine = "`curl --unix-socket /var/run/docker.sock http://localhost/system/df`"
  private static let container = "`docker exec buildx_buildkit_NAME0 buildctl du --format '{{json .}}'`"
  private static let buildctl = "`buildctl du --format '{{json .}}'`"

  private func refusal(_ bytes: [UInt8]) -> String? {
    do {
      _ = try SavedDiskUsage(bytes, name: "x")
      return nil
    } catch let error as CacheError {
      return error.code == .badList ? error.description : nil
    } catch {
      return nil
    }
  }

  @Test(
    "saved outputs of real programs",
    arguments: [
      ("docker-df-v.txt", "x is the table of `docker system df -v`", [engine]),
      ("docker-df.txt", "x is the summary of `docker system df`", [engine]),
      ("docker-df.json", "x is the summary of `docker system df`", [engine]),
      ("buildx-table.txt", "x is the table of `docker buildx du`", [engine, container]),
      ("buildctl-table.txt", "x is the table of `buildctl du`", [buildctl]),
      ("engine-too-new.json", "client version 1.42 is too new", [engine]),
    ])
  func outputs(_ file: String, _ name: String, _ commands: [String]) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/lists")
    let words = try #require(refusal(Array(try Data(contentsOf: folder.appending(path: file)))))
    #expect(words.contains(name))
    for command in commands { #expect(words.contains(command), "\(words)") }
  }

  @Test(
    "other outputs",
    arguments: [
      ("ID RECLAIMABLE SIZE LAST ACCESSED\nabc true 1B 2 days ago\nTotal: 1B", "what `docker buildx prune` removed"),
      ("ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\nabc\ttrue\t1B\nTotal:\t1B", "what `buildctl prune` removed"),
      ("Deleted build cache objects:\nabc\n\nTotal reclaimed space: 2.5MB", "what `docker builder prune` removed"),
      (#"{"CachesDeleted":["a"],"SpaceReclaimed":1}"#, "what a Docker Engine's prune removed"),
      ("<!DOCTYPE html>\n<html></html>", "is an HTML or XML page"),
      ("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\n\r\n{}", "leave out curl's -i"),
      ("Error response from daemon: no", "is an error message (Error response from daemon: no)"),
      ("curl: (7) Couldn't connect", "is an error message (curl: (7)"),
      (#"{"message":"page not found"}"#, "(page not found)"),
      (#"{"LayersSize":1,"Images":[],"BuilderSize":0}"#, "without its build cache"),
      (#"{"BuildCacheUsage":{"TotalCount":3,"TotalSize":9}}"#, "http://localhost/system/df?verbose=1"),
      (#"{"plan":[],"before":0,"after":0,"kept":[]}"#, "is a plan of `strata prune`"),
      ("ID  KIND  SIZE  STATE  TYPE\na  -  1 B", "is the table of `strata du`"),
      (#"{"ID":"a","Repository":"r","Size":"1MB","CreatedAt":"2026-11-26 10:00:00 +0000 UTC"}"#, "\"Type\" is missing"),
      ("\u{1f}\u{8}", "is a compressed file"),
      ("no such thing", "this is no JSON, and no list of disk usage that is known"),
    ])
  func others(_ text: String, _ words: String) throws {
    #expect(try #require(refusal(Array(text.utf8))).contains(words))
  }

  private static let row = #"{"id":"ok","size":1,"createdAt":"2026-01-01T00:00:00Z"}"#

  @Test(
    "what is damaged is named by its row or line, with what helps on that installation",
    arguments: [
      ("[\(row),\n{\"id\":\"b\",\"si", "x: row 2: the list is cut off in the middle of it", buildctl),
      ("[\(row)", "x: row 2: the list is cut off", buildctl),
      ("\(row)\n{\"id\":", "x: line 2: the list is cut off", buildctl),
      ("[\(row)\n\(row)]", "x: row 2: this is no JSON", buildctl), ("[\(row),]", "x: row 2: this is no JSON", buildctl),
      ("\(row)\n\n[7]", "x: row 1: the row is of the wrong kind", buildctl),
      ("{\"id\":\"a\",\"size\":01}", "this is no JSON", buildctl),
      ("{\"id\":\"a\tb\"}", "this is no JSON", buildctl), ("{\"id\":\"\\x\"}", "this is no JSON", buildctl),
      ("7", "wrong kind", buildctl),
      (
        #"{"BuildCache":[{"ID":"a","Size":-1,"Type":"regular","CreatedAt":"2026-01-01T00:00:00Z"}]}"#,
        "row 1: \"Size\": it is negative", engine
      ),
      (
        #"{"ID":"a","Size":"-1B","Type":"regular","CreatedAt":"2026-01-01T00:00:00Z"}"#, "\"Size\": -1B is no size",
        engine
      ),
      (
        #"{"ID":"a","Size":"9.3EB","Mutable":true,"Type":"regular","CreatedAt":"2026-01-01T00:00:00Z"}"#,
        "9.3EB is no size", container
      ),
      (
        #"{"ID":"a","Size":1,"Type":"regular","CreatedAt":"2026-01-01T00:00:00Z","InUse":"perhaps"}"#,
        "\"InUse\": perhaps is neither", engine
      ),
      (
        #"{"ID":"a","Size":1,"Type":"regular","CreatedAt":"2026-01-01T00:00:00Z","LastUsedAt":"soon"}"#,
        "\"LastUsedAt\": soon is no time", engine
      ),
      (#"{"ID":"a","Size":1,"Type":"regular"}"#, "\"CreatedAt\" is missing", engine),
      ("ID:\t\ta\nSize:\t\t1B\n\nTotal: 1B", "x: line 1: \"Created at\" is missing", buildctl),
      ("ID:\t\ta\nSize:\t\t1B\n", "x: line 1: the list is cut off", buildctl),
      ("ID:\t\ta\nSize:\t\tmuch\n", "x: line 2: \"Size\": much is no size", buildctl),
      ("ID:           a\nNothing\n", "x: line 2: \"Nothing\" is no line of a record", container),
      ("ID:\t\ta\nID:\t\tb\n", "x: line 2: a record begins before", buildctl),
    ])
  func damaged(_ text: String, _ words: String, _ command: String) throws {
    let told = try #require(refusal(Array(text.utf8)))
    #expect(told.contains(words))
    #expect(told.contains(command), "\(told)")
  }

  @Test("a text longer, and brackets deeper than any list's, are refused and nothing is built up") func tooMuch() throws
  {
    let deep = String(repeating: #"{"a":["#, count: 200)
    #expect(try #require(refusal(Array(#"{"x":\#(deep)"#.utf8))).contains("it goes deeper than 256 brackets"))
    var portions = 0
    let portion = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
    #expect {
      _ = try SavedDiskUsage(name: "x", written: Timestamp(nanoseconds: 0)) {
        portions += 1
        return portions == 1 ? Array("[{\"id\":\"".utf8) : portion
      }
    } throws: {
      ($0 as? CacheError)?.message.contains("x: row 1: a text has more than") == true
    }
    #expect(portions < 70)
  }
}
