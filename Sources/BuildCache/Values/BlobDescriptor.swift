/// What is said of a blob: an OCI descriptor.
public struct BlobDescriptor: Sendable, Equatable {
  /// The annotation that names the digest of the bytes before compression, the diff id.
  public static let uncompressed = "containerd.io/uncompressed"

  /// What kind of bytes they are.
  public var mediaType: String
  /// The bytes' name; absent where the layer has no blob of its own.
  public var digest: Digest?
  /// How many bytes.
  public var size: Int64
  /// Where else they can be had.
  public var urls: [String]
  /// What else is said.
  public var annotations: [String: String]

  /// Makes a descriptor.
  public init(
    mediaType: String, digest: Digest?, size: Int64, urls: [String] = [], annotations: [String: String] = [:]
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.urls = urls
    self.annotations = annotations
  }

  /// Makes a layer's descriptor, with its diff id among the annotations.
  public init(mediaType: String, digest: Digest?, size: Int64, diffID: Digest, urls: [String] = []) {
    self.init(
      mediaType: mediaType, digest: digest, size: size, urls: urls,
      annotations: [Self.uncompressed: diffID.description])
  }

  /// The digest of the bytes before compression (B9).
  ///
  /// - Throws: ``CacheError`` `missingDiffID` without the annotation, `badDigest` where it is none.
  public func diffID() throws -> Digest {
    guard let text = annotations[Self.uncompressed] else {
      throw CacheError(.missingDiffID, "a layer's descriptor needs the annotation \(Self.uncompressed)")
    }
    return try Digest(parsing: text)
  }
}

/// The blob of a record: what is stored of its descriptor.
public struct RecordBlob: Sendable, Equatable {
  /// The bytes' name; absent where the layer has no blob of its own.
  public var digest: Digest?
  /// The digest of the bytes before compression.
  public var diffID: Digest
  /// What kind of bytes they are.
  public var mediaType: String
  /// How many bytes, as its descriptor says.
  public var size: Int64
  /// Where else they can be had.
  public var urls: [String]

  /// Makes a record's blob.
  public init(digest: Digest?, diffID: Digest, mediaType: String, size: Int64, urls: [String] = []) {
    self.digest = digest
    self.diffID = diffID
    self.mediaType = mediaType
    self.size = size
    self.urls = urls
  }

  /// The same as a descriptor.
  public var descriptor: BlobDescriptor {
    BlobDescriptor(mediaType: mediaType, digest: digest, size: size, diffID: diffID, urls: urls)
  }
}
