/// What every call of this library throws of its own.
///
/// The code says which promise of the rules was not kept, the message what it was about and what to do.
/// Two errors are equal when code and message are.
public struct CacheError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Why a call failed; more codes may come with later versions.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Name: String {
      case locked, notFound, invalid, lowerRequired, needsRemoteProvider, notAddressable, missingDiffID, badDigest
      case noBlobs, badArchive, badFilter, badInput, badList, heldByOther, readOnly, foreign, damaged, diskFull
      case storage, unreachable
    }
    private let name: Name

    /// The code's name, as in this documentation.
    public var description: String { name.rawValue }

    /// Somebody else holds the mutable record (A6, A8).
    public static let locked = Code(name: .locked)
    /// No such record, or it is dead (A6, A9).
    public static let notFound = Code(name: .notFound)
    /// The record or ref is of the wrong kind for the call (A6, B2).
    public static let invalid = Code(name: .invalid)
    /// A diff was asked for without its lower side (B5).
    public static let lowerRequired = Code(name: .lowerRequired)
    /// Blobs are neither here nor can they be had; ``CacheError/digests`` names them (A10).
    public static let needsRemoteProvider = Code(name: .needsRemoteProvider)
    /// A blob's parent has no chain ids (B9).
    public static let notAddressable = Code(name: .notAddressable)
    /// A layer's descriptor doesn't tell its diff id (B9).
    public static let missingDiffID = Code(name: .missingDiffID)
    /// A digest is none, or bytes don't have the one that they should.
    public static let badDigest = Code(name: .badDigest)
    /// A record's layers have no blobs, and none were to be made (B15).
    public static let noBlobs = Code(name: .noBlobs)
    /// A layer archive or an image holds what can't be taken.
    public static let badArchive = Code(name: .badArchive)
    /// A filter can't be parsed, or names an unknown key where that is refused (D7).
    public static let badFilter = Code(name: .badFilter)
    /// A size, duration, time or name from outside can't be read.
    public static let badInput = Code(name: .badInput)
    /// A saved list can't be read, or doesn't hold what it should.
    public static let badList = Code(name: .badList)
    /// Another process holds the cache for writing.
    public static let heldByOther = Code(name: .heldByOther)
    /// The cache was opened for reading only.
    public static let readOnly = Code(name: .readOnly)
    /// The folder is not a cache of this library's making; nothing in it was touched.
    public static let foreign = Code(name: .foreign)
    /// Another program's file holds what that program doesn't write.
    public static let damaged = Code(name: .damaged)
    /// The disk has no room left; what was half made is taken back.
    public static let diskFull = Code(name: .diskFull)
    /// The disk or the database failed.
    public static let storage = Code(name: .storage)
    /// A daemon can't be asked: it is gone or refuses, or what asks it isn't here.
    public static let unreachable = Code(name: .unreachable)
  }

  /// What keeps a daemon from answering.
  public enum Obstacle: Sendable, Hashable {
    /// It isn't running, and can be woken.
    case asleep
    /// Nothing came for as long as was waited for.
    case silent
    /// It, or its socket, doesn't let the one in who asks.
    case forbidden
    /// Nobody is there.
    case gone
  }

  /// Which promise was not kept.
  public var code: Code
  /// What it was about, and what to do.
  public var message: String
  /// What the layer below said, if it said anything.
  public var cause: String?
  /// The blobs that are missing, for `needsRemoteProvider`.
  public var digests: [Digest] = []
  /// What keeps the daemon from answering, for `unreachable`, where that can be told.
  public var obstacle: Obstacle?

  /// Makes an error.
  public init(_ code: Code, _ message: String, cause: String? = nil, obstacle: Obstacle? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
    self.obstacle = obstacle
  }

  /// The message, with the cause after it.
  public var description: String {
    cause.map { "\(message): \($0)" } ?? message
  }
}
