import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// What a folder is to Strata: a cache of its own, a place where one may be made, or something to keep away from.
///
/// It is looked at without opening the database, and nothing in it is touched: a mistyped path must cost nothing.
struct CacheRoot {
  /// What stands in a cache's root. Other names are not Strata's, and are left alone.
  enum Name {
    static let lock: FilePath.Component = "lock"
    static let database: FilePath.Component = "cache.db"
    static let trees: FilePath.Component = "trees"
    static let blobs: FilePath.Component = "blobs"
    static let lost: FilePath.Component = "lost"
    static let reserve: FilePath.Component = "reserve"
    /// A database that is being made; 25 letters and digits follow.
    static let newDatabase = "cache.db.new-"

    static let files: [FilePath.Component] =
      [lock, database, "cache.db-wal", "cache.db-shm", "cache.db-journal", reserve]
    static let folders = [trees, blobs, lost]
  }

  /// The folder, with links on the way to it followed.
  let path: FilePath
  /// Whether it holds a cache; otherwise it is absent or empty.
  let isCache: Bool
  private let status: FileStatus?

  /// Looks at a folder.
  ///
  /// - Parameter path: absolute or relative to the working folder.
  /// - Throws: ``CacheError`` `foreign` where it holds something that is not a cache of this version's, `storage` where
  ///   it can't be looked at.
  init(at path: FilePath) throws {
    let whole = path.whole
    guard let real = realPath(of: whole) else {
      guard errno == ENOENT, try FileStatus(of: whole) == nil else { throw FileError("can't look at", whole) }
      self.path = whole.lexicallyNormalized()
      (isCache, status) = (false, nil)
      return
    }
    self.path = real
    let status = try FileStatus(following: real)
    self.status = status
    guard status.isDirectory else { throw Self.refusal(real, "it is no folder") }
    let found = try names(in: real)
    guard found.contains(Name.database) else {
      let others = found.filter { !Self.isLeftOfMaking($0) && !Self.isOfFileSystem($0, real) }
      guard others.isEmpty else { throw Self.refusal(real, without: others) }
      isCache = false
      return
    }
    try Self.checkKinds(found, in: real, owner: status.raw.st_uid)
    try Self.checkMark(real.appending(Name.database))
    isCache = true
  }

  /// Whether the folder exists.
  var exists: Bool { status != nil }

  /// Refuses a cache that belongs to somebody else: what this user would write there its owner could not.
  ///
  /// - Throws: ``CacheError`` `foreign`.
  func checkIsOwn() throws {
    guard let owner = status?.raw.st_uid, owner != geteuid() else { return }
    throw Self.refusal(path, "it belongs to user \(owner), and only that user may change what is in it")
  }

  /// What a process that was killed while it made a database has left.
  static func isLeftOfMaking(_ name: FilePath.Component) -> Bool {
    let text = name.string
    guard text.hasPrefix(Name.newDatabase) else { return false }
    let rest = text.dropFirst(Name.newDatabase.count)
    let id = rest.hasSuffix("-journal") ? rest.dropLast("-journal".count) : rest
    return RandomIdentities.isID(id)
  }

  /// What stands at the top of a file system of its own, be it ever so empty.
  private static func isOfFileSystem(_ name: FilePath.Component, _ folder: FilePath) -> Bool {
    name.string == "lost+found" && (try? FileStatus(of: folder.appending(name)))??.isDirectory == true
  }

  /// Looks at each name of Strata's: a link, another kind of file or another user's is none of Strata's making.
  private static func checkKinds(_ found: [FilePath.Component], in root: FilePath, owner: uid_t) throws {
    for name in found {
      let isFile = Name.files.contains(name)
      guard isFile || Name.folders.contains(name), let status = try FileStatus(of: root.appending(name)) else {
        continue
      }
      guard isFile ? status.isRegular : status.isDirectory else {
        throw refusal(root, "\(name.string) in it is no \(isFile ? "regular file" : "folder")")
      }
      guard status.raw.st_uid == owner else {
        throw refusal(root, "\(name.string) in it belongs to user \(status.raw.st_uid), the folder to \(owner)")
      }
    }
  }

  /// Reads the mark out of the head of the database's file, without opening it as one.
  private static func checkMark(_ database: FilePath) throws {
    var head = [UInt8](repeating: 0, count: 100)
    let file: FileDescriptor
    do {
      file = try FileDescriptor.open(database, .readOnly, options: [.noFollow, .nonBlocking, .closeOnExec])
    } catch {
      throw CacheError(.storage, "can't read \(database)", cause: "\(error)")
    }
    let count = try file.closeAfter {
      try head.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }
    }
    func number(at offset: Int) -> UInt32 { head[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
    let root = database.removingLastComponent()
    guard count > 0 else { throw refusal(root, "cache.db is empty; \(wayOut)") }
    guard count == head.count, head.starts(with: "SQLite format 3\0".utf8) else {
      throw refusal(root, "cache.db is no SQLite database, or its beginning is damaged; \(wayOut)")
    }
    guard number(at: 68) == Schema.applicationID else {
      throw refusal(root, "cache.db is another program's database: it does not bear Strata's mark")
    }
    guard number(at: 60) <= Schema.format else {
      throw CacheError(.foreign, "\(database) was made by a newer strata; use that one")
    }
  }

  private static let wayOut =
    "put it back from a copy, or, to begin anew, move trees and blobs away with it"

  private static func refusal(_ root: FilePath, without others: [FilePath.Component]) -> CacheError {
    let own = others.filter { $0 == Name.trees || $0 == Name.blobs }
    if !own.isEmpty, Set(others).isSubset(of: Set(Name.files + Name.folders)) {
      return refusal(root, "cache.db is missing beside \(own.map(\.string).joined(separator: " and ")); \(wayOut)")
    }
    let examples = others.prefix(3).map(\.string).joined(separator: ", ") + (others.count > 3 ? " and more" : "")
    return refusal(root, "it holds \(examples); give a folder that is empty or doesn't exist")
  }

  private static func refusal(_ root: FilePath, _ why: String) -> CacheError {
    CacheError(.foreign, "\(root) is no cache of Strata's, and is left alone: \(why)")
  }
}
