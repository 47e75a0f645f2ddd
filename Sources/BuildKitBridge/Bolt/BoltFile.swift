import BuildCache
import Glibc
import SystemPackage

/// A bolt database (bbolt's file format, version 2), to be read and nothing else.
///
/// No lock is taken and nothing is waited for, so that the file may be one that a daemon holds. Bolt never writes to a
/// page of the last two transactions: as long as no other one was committed meanwhile, what was read is of one moment.
struct BoltFile {
  /// Where it is.
  let path: FilePath

  /// What a reading of a file told.
  struct Result<Value> {
    /// What was read.
    let value: Value
    /// Whether all of it is of one transaction: a writer was not faster than the reading, time and again.
    let isOfOneMoment: Bool
  }

  /// The bytes of a database's file.
  struct Extent: Equatable {
    /// All of the file.
    var bytes: Int64 = 0
    /// Those in pages that hold nothing any more; absent where the file doesn't tell. Bolt never gives them back.
    var free: Int64?
  }

  /// A reading begins anew so many times, as a writer committed meanwhile.
  private static let tries = 8

  /// Reads what is wanted, within one transaction.
  ///
  /// - Parameter body: reads; called again where the file changed meanwhile.
  /// - Throws: ``CacheError``: `storage` where the file can't be read, `damaged` naming file and page where it holds what
  ///   bolt doesn't write; what `body` throws.
  func read<Value>(_ body: (BoltTransaction) throws -> Value) throws -> Result<Value> {
    let descriptor = try open()
    defer { try? descriptor.close() }
    var attempt = 1
    while true {
      let transaction = try BoltTransaction(of: descriptor, at: path)
      let value = Swift.Result { try body(transaction) }
      try Task.checkCancellation()
      let isCurrent = (try? BoltTransaction(of: descriptor, at: path).number) == transaction.number
      switch value {
      case .success(let value) where isCurrent || attempt == Self.tries:
        return Result(value: value, isOfOneMoment: isCurrent)
      case .failure(let error) where isCurrent: throw error
      case .failure where attempt == Self.tries:
        throw CacheError(
          .storage, "\(path) is changed faster than it can be read: try again, or read a copy of it")
      default: attempt += 1
      }
    }
  }

  /// How large it is.
  ///
  /// - Throws: ``CacheError`` `storage`, `damaged`.
  func extent() throws -> Extent {
    let descriptor = try open()
    defer { try? descriptor.close() }
    return try BoltTransaction(of: descriptor, at: path).extent
  }

  /// Opens it; what is no file is not waited for.
  private func open() throws(CacheError) -> FileDescriptor {
    do {
      let descriptor = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
      var status = stat()
      guard fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        try? descriptor.close()
        throw Errno.notSupported
      }
      return descriptor
    } catch Errno.notSupported {
      throw CacheError(.storage, "can't read \(path)", cause: "it is no file")
    } catch {
      let isForbidden = error as? Errno == .permissionDenied || error as? Errno == .notPermitted
      throw CacheError(
        .storage, "can't read \(path)", cause: "\(error)" + (isForbidden ? StateFolder.forbiddenHint : ""))
    }
  }
}
