import SystemPackage

/// Keeps blobs by the digest of their bytes.
///
/// Contract:
/// - A blob that is there has the bytes that its digest names, whole; it is there under no other name.
/// - ``write(expecting:_:)`` shows a blob when it is whole and durable, or not at all: where it throws or is cancelled
///   nothing is left, and a blob that was there before is as it was. Writing what is there already is no error.
/// - Calls may come from any thread.
public protocol ContentStore: Sendable {
  /// A blob's bytes; nothing where it isn't there.
  func size(of digest: Digest) throws -> Int64?

  /// The file that has a blob's bytes; not to be written.
  ///
  /// - Throws: ``CacheError`` `notFound` where the blob isn't there.
  func file(of digest: Digest) throws -> FilePath

  /// Stores a blob.
  ///
  /// - Parameters:
  ///   - expected: the digest that the bytes must have; absent: whatever they have.
  ///   - body: writes the bytes, in order, to the sink that it is given.
  /// - Returns: the blob's digest and size, with what the body answered.
  /// - Throws: ``CacheError`` `badDigest` where the bytes are not what was expected, `storage`, and what the body throws.
  func write<T: Sendable>(expecting expected: Digest?, _ body: (any BlobSink) async throws -> T) async throws
    -> (digest: Digest, size: Int64, result: T)

  /// Removes a blob; does nothing where there is none.
  func remove(_ digest: Digest) throws

  /// All blobs, in no order.
  func digests() throws -> [Digest]
}

/// Takes the bytes of a blob that is being stored.
public protocol BlobSink: Sendable {
  /// Takes the next bytes.
  ///
  /// - Throws: ``CacheError`` `storage`.
  func write(_ bytes: [UInt8]) throws
}

/// Provides a blob that is not in the content store: the handler of a lazy record's description (B9).
public protocol BlobProvider: Sendable {
  /// Writes the blob's bytes to a sink.
  ///
  /// - Throws: whatever keeps it from doing so; nothing is then stored.
  func provide(_ blob: BlobDescriptor, to sink: any BlobSink) async throws
}

/// Which blobs can be had from outside, and from whom.
public typealias BlobProviders = [Digest: any BlobProvider]
