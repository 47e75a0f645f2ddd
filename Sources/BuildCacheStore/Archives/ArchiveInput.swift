import BuildCache
import FileTrees
import Glibc
import Programs
import SystemPackage

/// The bytes of an archive as they are stored, once and in order: a file's, or those that a pipe brings.
final class ArchiveInput: Sendable {
  /// What it is called in messages.
  let name: String
  private let descriptor: FileDescriptor
  private let isOwn: Bool
  private let count: @Sendable (Int64) -> Void

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - name: what it is called in messages; absent: its path.
  ///   - count: told how many more bytes were read.
  init(_ file: FilePath, called name: String? = nil, counting count: @escaping @Sendable (Int64) -> Void = { _ in })
    throws
  {
    descriptor = try FileDescriptor.reading(file)
    (self.name, isOwn, self.count) = (name ?? file.string, true, count)
  }

  /// Reads what is left of an open descriptor, which stays open.
  init(
    _ descriptor: FileDescriptor, called name: String, counting count: @escaping @Sendable (Int64) -> Void = { _ in }
  ) {
    (self.descriptor, self.name, isOwn, self.count) = (descriptor, name, false, count)
  }

  deinit {
    if isOwn { try? descriptor.close() }
  }

  /// The next bytes; none at the end.
  ///
  /// - Throws: ``CacheError`` `storage` naming it; `CancellationError`, also while nothing comes.
  func next() throws -> [UInt8]? {
    var ready = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    repeat { try Task.checkCancellation() } while poll(&ready, 1, 200) <= 0
    do {
      let bytes = try [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
        count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      count(Int64(bytes.count))
      return bytes.isEmpty ? nil : bytes
    } catch {
      throw CacheError(.storage, "can't read \(name)", of: error)
    }
  }

  /// Hands on all bytes.
  func forEachChunk(_ body: ([UInt8]) async throws -> Void) async throws {
    while let chunk = try next() { try await body(chunk) }
  }

  /// Hands on the bytes as they were before compression, in chunks; the first of them tell how they are compressed.
  func forEachPlainChunk(_ take: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
    var start: [UInt8] = []
    while start.count < Compression.signature, let more = try next() { start += more }
    let first = start
    guard let tool = Compression(first).tool else {
      try await take(first)
      return try await forEachChunk(take)
    }
    try await tool.runAsTool(
      failingWith: .badArchive,
      feeding: { input in
        try await input.write(first)
        try await self.forEachChunk { try await input.write($0) }
      }, taking: take)
  }
}
