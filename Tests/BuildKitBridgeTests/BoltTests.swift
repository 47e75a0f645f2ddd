import BoltWriter
import BuildCache
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BuildKitBridge

@Suite("Bolt files") struct BoltTests {
  /// A line of a dump that bbolt's own reader made.
  private struct DumpLine: Decodable {
    let bucket: [String]
    let bucketHex: [String]?
    let key: String?
    let keyHex: String?
    let value: String?
    let valueHex: String?
    let isBucket: Bool?
  }

  private static func bytes(hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
  }

  /// All that a bucket holds, a line a key: names on the way and the value, or nothing for a bucket.
  private static func lines(_ bucket: BoltBucket, _ path: [[UInt8]] = []) throws -> [[[UInt8]]: [UInt8]?] {
    var lines: [[[UInt8]]: [UInt8]?] = [:]
    try bucket.forEach { key, entry in
      let place = path + [Array(key)]
      switch entry {
      case .value(let value): lines[place] = .some(Array(value))
      case .bucket(let inner):
        lines[place] = .some(nil)
        lines.merge(try Self.lines(inner, place)) { $1 }
      }
    }
    return lines
  }

  @Test(
    "every key and value is what bbolt reads",
    arguments: [
      ("cache.db", "cache"), ("history.db", "history"),
      ("runc-overlayfs/metadata_v2.db", "runc-overlayfs__metadata_v2"),
      ("runc-overlayfs/containerdmeta.db", "runc-overlayfs__containerdmeta"),
      ("runc-overlayfs/snapshots/metadata.db", "runc-overlayfs__snapshots__metadata"),
    ])
  func dumps(_ file: String, _ dump: String) async throws {
    let state = try await State("head-overlayfs")
    var wanted: [[[UInt8]]: [UInt8]?] = [:]
    for line in try state.text("dump/\(dump).jsonl").split(separator: "\n") {
      let line = try JSONDecoder().decode(DumpLine.self, from: Data(line.utf8))
      let key = line.key.map { Array($0.utf8) } ?? line.keyHex.map { Self.bytes(hex: $0) }
      let value = line.value.map { Array($0.utf8) } ?? line.valueHex.map { Self.bytes(hex: $0) }
      wanted[line.bucket.map { Array($0.utf8) } + [try #require(key)]] =
        line.isBucket == true ? .some(nil) : .some(value)
    }
    let read = try BoltFile(path: state.file(file)).read { try Self.lines($0.root) }
    #expect(read.value.count > 10 && read.isOfOneMoment)
    #expect(read.value.keys == wanted.keys)
    for (key, value) in read.value { #expect(wanted[key] == value) }
    let extent = try BoltFile(path: state.file(file)).extent()
    #expect(extent.bytes == Int64(try state.bytes(file).count))
    #expect((extent.free ?? -1) >= 0 && (extent.free ?? .max) < extent.bytes)
  }

  // MARK: written ones

  /// A tree of all sorts: empty, inline, large and nested buckets, empty values and ones longer than a page.
  private static func tree(_ random: inout SeededGenerator, depth: Int = 0) -> [(key: [UInt8], entry: BoltWriter.Entry)]
  {
    let count = Int.random(in: 0...(depth == 0 ? 60 : 25), using: &random)
    var keys: Set<[UInt8]> = []
    for _ in 0..<count {
      keys.insert((0..<Int.random(in: 1...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    return keys.map { key in
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<3 where depth < 3: (key, .bucket(tree(&random, depth: depth + 1)))
      case 3: (key, .value([UInt8](repeating: 7, count: Int.random(in: 0...20_000, using: &random))))
      default: (key, .value(key.reversed()))
      }
    }
  }

  private static func lines(_ tree: [(key: [UInt8], entry: BoltWriter.Entry)], _ path: [[UInt8]] = []) -> [[[UInt8]]:
    [UInt8]?]
  {
    var lines: [[[UInt8]]: [UInt8]?] = [:]
    for (key, entry) in tree {
      switch entry {
      case .value(let value): lines[path + [key]] = .some(value)
      case .bucket(let inner):
        lines[path + [key]] = .some(nil)
        lines.merge(Self.lines(inner, path + [key])) { $1 }
      }
    }
    return lines
  }

  /// A file of these bytes.
  private static func file(_ bytes: [UInt8], in scratch: ScratchFolder) throws -> BoltFile {
    let path = scratch.path.appending("x.db")
    try Data(bytes).write(to: URL(filePath: path.string))
    return BoltFile(path: path)
  }

  @Test("random trees of every page size are read whole, and key by key") func pageSizes() throws {
    let scratch = try ScratchFolder()
    var random = SeededGenerator(7)
    for pageSize in [1024, 4096, 16384, 65536] {
      for _ in 0..<long(6) {
        let tree = Self.tree(&random)
        let file = try Self.file(BoltWriter.file(tree, pageSize: pageSize), in: scratch)
        let read = try file.read { try Self.lines($0.root) }
        #expect(read.value == Self.lines(tree))
        #expect(try file.extent().free == Int64(3 * pageSize))
        _ = try file.read { transaction in
          for (key, entry) in tree {
            let found = try transaction.root[key]
            if case .value(let value) = entry { #expect(found?.value.map(Array.init) == value) }
            #expect(try transaction.root[key + [0]] == nil || tree.contains { $0.key == key + [0] })
          }
        }
      }
    }
  }

  @Test("the newest meta page that is whole counts; where the first is damaged the second is found at any page size")
  func metaPages() throws {
    let scratch = try ScratchFolder()
    for pageSize in [1024, 4096, 65536] {
      let bytes = BoltWriter.file([(Array("key".utf8), .text("value"))], pageSize: pageSize, transaction: 9)
      func number(damaging places: [Int]) throws -> UInt64 {
        var bytes = bytes
        for place in places { bytes[place] ^= 1 }
        return try Self.file(bytes, in: scratch).read { $0.number }.value
      }
      #expect(try number(damaging: []) == 9)
      #expect(try number(damaging: [pageSize + 70]) == 8)
      #expect(try number(damaging: [70]) == 9)
      #expect { try number(damaging: [70, pageSize + 70]) } throws: {
        ($0 as? CacheError)?.code == .damaged && "\($0)".contains("meta pages are damaged")
      }
    }
  }

  @Test("what is no bolt file is said to be none") func foreign() throws {
    let scratch = try ScratchFolder()
    for bytes in [[], [1], Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0, count: 9000)] {
      #expect { try Self.file(bytes, in: scratch).read { $0.number } } throws: {
        ($0 as? CacheError)?.code == .damaged && "\($0)".contains("x.db")
      }
    }
    #expect { try BoltFile(path: scratch.path).read { $0.number } } throws: { "\($0)".contains("it is no file") }
    #expect { try BoltFile(path: scratch.path.appending("none")).read { $0.number } } throws: {
      ($0 as? CacheError)?.code == .storage
    }
  }

  @Test("a tree that leads back to itself, or outside, ends in an error that names the page") func cycles() throws {
    let scratch = try ScratchFolder()
    let tree = (0..<400).map { (key: Array("key\(1000 + $0)".utf8), entry: BoltWriter.Entry.text("value")) }
    let bytes = BoltWriter.file(tree, pageSize: 1024)
    func u16(_ place: Int) -> Int { Int(bytes[place]) | Int(bytes[place + 1]) << 8 }
    let branch = try #require((2..<bytes.count / 1024).first { u16($0 * 1024 + 8) == 1 })
    // The page of the branch's second element.
    let child = branch * 1024 + 16 + 16 + 8
    for (page, words) in [
      (branch, "page \(branch): two others lead to it"), (2, "page 2: two others lead to it"), (1, "page 1: "),
      (0xffff, "page 65535: it lies outside"),
    ] {
      var bytes = bytes
      (bytes[child], bytes[child + 1]) = (UInt8(page & 0xff), UInt8(page >> 8))
      #expect { try Self.file(bytes, in: scratch).read { try Self.lines($0.root) } } throws: {
        ($0 as? CacheError)?.code == .damaged && "\($0)".contains(words)
      }
    }
    // The freelist and the free pages are at the end.
    for length in stride(from: 1023, to: bytes.count - 4 * 1024, by: 1024) {
      #expect(throws: CacheError.self) {
        try Self.file(Array(bytes[..<length]), in: scratch).read { try Self.lines($0.root) }
      }
    }
  }

  @Test("entries that lie over each other, and pages that others continue, are refused and not read again and again")
  func overlaps() throws {
    let scratch = try ScratchFolder()
    // Two entries of one page that share a value of most of it.
    let pair = [("aa", 700), ("bb", 10)].map { name, size in
      (key: Array(name.utf8), entry: BoltWriter.Entry.value([UInt8](repeating: 7, count: size)))
    }
    var bytes = BoltWriter.file(pair, pageSize: 1024)
    func number(at place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }
    let leaf = try #require((2..<bytes.count / 1024).first { bytes[$0 * 1024 + 8] == 2 }) * 1024
    let second = leaf + 16 + 16
    let (position, size) = (number(at: leaf + 16 + 4), number(at: leaf + 16 + 12))
    // The second begins within the first's value, and goes on to its end.
    func put(_ value: Int, at place: Int) {
      for step in 0..<4 { bytes[place + step] = UInt8(value >> (8 * step) & 0xff) }
    }
    put(position - 16 + 2, at: second + 4)
    put(size - 2, at: second + 12)
    #expect { try Self.file(bytes, in: scratch).read { try Self.lines($0.root) } } throws: {
      ($0 as? CacheError)?.code == .damaged
    }
    // Leaves that claim the pages after them.
    let tree = (0..<400).map { (key: Array("key\(1000 + $0)".utf8), entry: BoltWriter.Entry.text("value")) }
    var claimed = BoltWriter.file(tree, pageSize: 1024)
    for page in 2..<claimed.count / 1024 - 6 where claimed[page * 1024 + 8] == 2 { claimed[page * 1024 + 12] = 1 }
    #expect { try Self.file(claimed, in: scratch).read { try Self.lines($0.root) } } throws: {
      "\($0)".contains("two others lead to it")
    }
  }

  // MARK: a writer beside it

  @Test("a reading begins anew where a transaction was committed meanwhile, and says so where that never ends")
  func writerBeside() throws {
    let scratch = try ScratchFolder()
    var number: UInt64 = 7
    func commit() throws -> BoltFile {
      number += 1
      return try Self.file(
        BoltWriter.file([(Array("key".utf8), .text("\(number)"))], transaction: number), in: scratch)
    }
    let file = try commit()
    var tries = 0
    let settled = try file.read { transaction -> String? in
      tries += 1
      if tries < 3 { _ = try commit() }
      return try transaction.root.text("key")
    }
    #expect(settled.isOfOneMoment && settled.value == "10" && tries == 3)
    let restless = try file.read { transaction -> String? in
      _ = try commit()
      return try transaction.root.text("key")
    }
    #expect(!restless.isOfOneMoment)
    // What goes wrong then is the haste's fault.
    #expect {
      try file.read { transaction in
        _ = try commit()
        throw transaction.damaged(3, "torn")
      }
    } throws: { ($0 as? CacheError)?.code == .storage && "\($0)".contains("faster than it can be read") }
  }

  // MARK: fuzz

  @Test("bytes changed at random end in an error or a reading, never in a crash, a hang or much memory")
  func fuzz() async throws {
    var random = SeededGenerator(11)
    for (state, file) in [
      ("docker-20.10", "buildkit/metadata_v2.db"), ("v0.10.0-overlayfs", "runc-overlayfs/containerdmeta.db"),
    ] {
      let folder = try await State(state)
      let bytes = try folder.bytes(file)
      let scratch = try ScratchFolder()
      let bolt = try Self.file(bytes, in: scratch)
      let descriptor = try FileDescriptor.open(bolt.path, .readWrite)
      defer { try? descriptor.close() }
      for round in 0..<long(150) {
        // Mostly where it hurts: heads and elements of pages.
        var places: [Int] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let page = Int.random(in: 0..<bytes.count / 4096, using: &random) * 4096
          let reach = Bool.random(using: &random) ? 16 : Bool.random(using: &random) ? 200 : 4096
          places.append(page + Int.random(in: 0..<reach, using: &random))
        }
        for place in places {
          let byte: [UInt8] = [Bool.random(using: &random) ? .random(in: 0...255, using: &random) : bytes[place] ^ 0x80]
          try descriptor.writeAll(toAbsoluteOffset: Int64(place), byte)
        }
        let isShort = round % 16 == 15
        if isShort { try descriptor.resize(to: Int64.random(in: 0...Int64(bytes.count), using: &random)) }
        do {
          _ = try bolt.read { try Self.lines($0.root) }
          _ = try MetadataDatabase(file: bolt).contents()
        } catch let error as CacheError {
          #expect(error.message.contains("x.db"))
        }
        if isShort { try Data(bytes).write(to: URL(filePath: bolt.path.string)) }
        for place in places { try descriptor.writeAll(toAbsoluteOffset: Int64(place), [bytes[place]]) }
      }
    }
  }
}
