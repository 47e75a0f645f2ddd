import BuildCache
import FileTrees
import GRDB
import Glibc
import SystemPackage

/// Reads a database without leaving a trace: nothing is made, locked or changed, and nothing is held between two reads.
///
/// SQLite's usual way to read a file in WAL mode makes, or writes to, a file of shared memory beside it. While nobody
/// changes the cache that is not needed: the file is then read as one that can't change or, where a killed writer left a
/// log, on a connection of no locks that keeps what it knows of the log to itself; and read again where it turns out to
/// have changed meanwhile. Beside a live writer the usual way is taken: all files are there then, and are the writer's.
struct TracelessReader {
  private let path: FilePath

  init(_ path: FilePath) { self.path = path }

  /// Runs a query in one transaction.
  ///
  /// - Parameter body: may be called again, where what it read was changed meanwhile.
  /// - Throws: `DatabaseError`, and what `body` throws.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    for _ in 0..<5 where !isBeingChanged {
      let before = try state()
      let way: Way = before.last == [] ? .asItStands : .withItsLog
      let result = Result(catching: { try connection(way).read(body) })
      if !isBeingChanged, try state() == before { return try result.get() }
    }
    return try connection(.besideAWriter).read(body)
  }

  private var isBeingChanged: Bool { RootLock.holder(of: path.removingLastComponent()) != nil }

  private enum Way {
    case asItStands, withItsLog, besideAWriter
  }

  /// What changes when the database does: of its file and its log, which may be missing.
  private func state() throws -> [[Int64]] {
    try [path, FilePath(path.string + "-wal")].map { file in
      guard let status = try FileStatus(of: file)?.raw, status.st_size > 0 else { return [] }
      return [
        Int64(bitPattern: UInt64(status.st_ino)), Int64(status.st_size), Int64(status.st_mtim.tv_sec),
        Int64(status.st_mtim.tv_nsec),
      ]
    }
  }

  private func connection(_ way: Way) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      // First: any other look at the file would already open the log in the usual way.
      if way == .withItsLog { try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
      try db.execute(sql: "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -500")
    }
    guard way != .besideAWriter else { return try DatabaseQueue(path: path.string, configuration: configuration) }
    let escaped = path.bytes.map { byte in
      // What means something in the address of a file.
      [UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains(byte)
        ? Array("%\(String(byte, radix: 16))".utf8) : [byte]
    }.joined()
    let address = "file:" + String(decoding: Array(escaped), as: UTF8.self) + "?mode=ro"
    return try DatabaseQueue(
      path: address + (way == .asItStands ? "&immutable=1" : "&vfs=unix-none"), configuration: configuration)
  }
}
