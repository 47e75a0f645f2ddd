import Crypto

/// The name of a content: an algorithm and the hash of the bytes, as OCI writes it (`sha256:…`).
public struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The whole text.
  public let description: String

  /// Reads a digest.
  ///
  /// - Throws: ``CacheError`` `badDigest` where it is none of SHA-256 or SHA-512 in lower-case hex.
  public init(parsing text: String) throws {
    guard Self.isDigest(text.utf8) else {
      throw CacheError(.badDigest, "\(text) is no digest: sha256: and 64 hex digits")
    }
    description = text
  }

  /// Whether bytes are the text of a digest.
  package static func isDigest(_ text: some Collection<UInt8>) -> Bool {
    let (head, hash) = (text.prefix(7), text.dropFirst(7))
    return
      (head.elementsEqual("sha256:".utf8) && hash.count == 64
      || head.elementsEqual("sha512:".utf8) && hash.count == 128)
      && hash.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  /// The SHA-256 digest of bytes.
  public init(of bytes: some Sequence<UInt8>) {
    var hasher = DigestHasher()
    hasher.update(Array(bytes))
    self = hasher.finish()
  }

  fileprivate init(sha256 bytes: some Sequence<UInt8>) {
    description = "sha256:" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// The algorithm: `sha256` or `sha512`.
  public var algorithm: String { String(description.prefix(6)) }
  /// The hash in hex.
  public var hex: String { String(description.dropFirst(7)) }

  /// By text.
  public static func < (lhs: Digest, rhs: Digest) -> Bool { lhs.description < rhs.description }

  /// The chain id of a layer over others, as the OCI image format works it out.
  ///
  /// - Parameters:
  ///   - layer: the layer's own id.
  ///   - below: the chain id of what it stands on; absent: nothing.
  public static func chain(_ layer: Digest, over below: Digest?) -> Digest {
    guard let below else { return layer }
    return Digest(of: "\(below) \(layer)".utf8)
  }
}

/// Works out a SHA-256 digest while bytes pass.
public struct DigestHasher: Sendable {
  private var hash = SHA256()
  /// How many bytes passed.
  public private(set) var count: Int64 = 0

  /// Starts.
  public init() {}

  /// Takes the next bytes.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0[...]) }
  }

  /// Takes the next bytes.
  public mutating func update(_ bytes: Slice<UnsafeRawBufferPointer>) {
    hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes))
    count += Int64(bytes.count)
  }

  /// The digest of all that passed.
  public func finish() -> Digest { Digest(sha256: hash.finalize()) }
}
