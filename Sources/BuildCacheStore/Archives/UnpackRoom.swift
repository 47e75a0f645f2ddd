import BuildCache
import Synchronization

/// How much may still be unpacked: a small archive may hold a great deal, on purpose.
final class UnpackRoom: Sendable {
  /// What may be unpacked where nobody says otherwise: more than any image that is meant well, less than disks hold.
  static let usual: Int64 = 64_000_000_000
  /// How many members may be unpacked: several times what the largest images have.
  static let entries = 4_000_000

  private let limit: Int64
  private let maxEntries: Int
  private let left: Guarded<(bytes: Int64, entries: Int)>

  init(_ bytes: Int64?, entries: Int = entries) {
    limit = bytes ?? Self.usual
    maxEntries = entries
    left = Guarded((limit, entries))
  }

  /// How many of the next bytes may be unpacked.
  func take(upTo count: Int64) -> Int64 {
    left.withLock { left in
      let allowed = min(left.bytes, count)
      left.bytes -= allowed
      return allowed
    }
  }

  /// Takes room for a member.
  ///
  /// - Parameter hole: the bytes that it is longer than what the archive has of it.
  /// - Throws: ``CacheError`` `badArchive` naming it where there is none.
  func take(_ entry: String, hole: Int64) throws {
    guard take(upTo: hole) == hole else { throw noRoom(at: entry) }
    try left.withLock { left in
      left.entries -= 1
      if left.entries < 0 {
        throw CacheError(.badArchive, "entry \(entry) is one too many: no image has more than \(maxEntries)")
      }
    }
  }

  /// The error where a member takes too much.
  func noRoom(at entry: String) -> CacheError {
    CacheError(
      .badArchive,
      "entry \(entry) makes the image larger than \(ByteCount(limit).text) when unpacked: `--max-unpacked` allows more")
  }
}
