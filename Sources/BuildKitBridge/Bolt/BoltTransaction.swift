import BuildCache
import Glibc
import SystemPackage

/// One state of a bolt file: what its newest whole meta page names.
///
/// Every bound is checked before it is used, and no page is come to twice, so that a damaged or hostile file ends in an
/// error that names the page. Only pages on the way to what is asked for are read, and none is kept.
final class BoltTransaction {
  private let descriptor: FileDescriptor
  private let path: FilePath
  private let meta: BoltMeta
  /// How large the file is.
  let extent: BoltFile.Extent
  /// Pages of trees that were gone through.
  private var visited: Set<UInt64> = []

  /// Its number; a later one has a higher number.
  var number: UInt64 { meta.transaction }

  /// Reads the meta pages.
  init(of descriptor: FileDescriptor, at path: FilePath) throws {
    self.descriptor = descriptor
    self.path = path
    let size: Int64
    do { size = try descriptor.seek(offset: 0, from: .end) } catch {
      throw CacheError(.storage, "can't read \(path)", cause: "\(error)")
    }
    let metas = try BoltMeta.candidates(fileSize: size) { try Self.read(descriptor, path, at: $0, count: $1) }
    guard let meta = metas.max(by: { $0.transaction < $1.transaction }) else {
      throw CacheError(
        .damaged, size == 0 ? "\(path) is empty" : "\(path) is no bolt database, or both of its meta pages are damaged")
    }
    self.meta = meta
    var extent = BoltFile.Extent(bytes: size)
    if meta.freelist != BoltMeta.noFreelist {
      extent.free = try? Self.freePages(meta, descriptor, path).multipliedSaturating(by: Int64(meta.pageSize))
    }
    self.extent = extent
  }

  /// The bucket that holds all others.
  var root: BoltBucket { BoltBucket(transaction: self, place: .tree(root: meta.root)) }

  /// Reads a page, with those that continue it.
  func page(_ number: UInt64) throws -> BoltPage {
    guard number > 1, number < meta.pages else { throw damaged(number, "it lies outside of the file") }
    let size = Int64(meta.pageSize)
    let offset = Int64(number).multipliedSaturating(by: size)
    guard offset.addingSaturating(size) <= extent.bytes else { throw damaged(number, "the file ends before it") }
    var bytes = try Self.read(descriptor, path, at: offset, count: meta.pageSize)
    let header = BoltPage.Header(bytes.span.bytes)
    guard header.number == number else { throw damaged(number, "it says that it is page \(header.number)") }
    if header.overflow > 0 {
      let count = (Int64(header.overflow) + 1).multipliedSaturating(by: size)
      guard count <= Self.longestPage, offset.addingSaturating(count) <= extent.bytes else {
        throw damaged(number, "it is too long: \(header.overflow) more pages")
      }
      bytes += try Self.read(descriptor, path, at: offset + size, count: Int(count - size))
    }
    return BoltPage(bytes: bytes[...], header: header)
  }

  /// No value that is read here has more bytes; memory is taken for a whole one.
  private static let longestPage: Int64 = 256 << 20

  /// Marks a page of a tree that is gone through, with those that continue it: coming to one again would be going in a
  /// circle.
  func visit(_ number: UInt64, overflow: UInt32) throws {
    for page in number...(number + UInt64(overflow)) where !visited.insert(page).inserted {
      throw damaged(page, "two others lead to it")
    }
  }

  /// The error of a page that holds what bolt doesn't write.
  func damaged(_ page: UInt64, _ what: String) -> CacheError {
    CacheError(.damaged, "\(path): page \(page): \(what)")
  }

  /// How many pages hold nothing, as the freelist begins.
  private static func freePages(_ meta: BoltMeta, _ descriptor: FileDescriptor, _ path: FilePath) throws -> Int64 {
    let bytes = try read(
      descriptor, path, at: Int64(clamping: meta.freelist).multipliedSaturating(by: Int64(meta.pageSize)), count: 24)
    let header = BoltPage.Header(bytes.span.bytes)
    guard header.number == meta.freelist, header.flags == .freelist else {
      throw CacheError(.damaged, "\(path): page \(meta.freelist): it is no freelist")
    }
    let count = header.count == 0xffff ? bytes.span.bytes.integer(at: 16, UInt64.self) : UInt64(header.count)
    return Int64(clamping: min(count, meta.pages))
  }

  private static func read(_ descriptor: FileDescriptor, _ path: FilePath, at offset: Int64, count: Int) throws
    -> [UInt8]
  {
    do {
      var failure: Errno?
      let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        while filled < count {
          do {
            let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<count])
            let read = try descriptor.read(fromAbsoluteOffset: offset + Int64(filled), into: rest)
            if read == 0 { break }
            filled += read
          } catch {
            failure = error as? Errno ?? .ioError
            break
          }
        }
      }
      if let failure { throw failure }
      guard bytes.count == count else {
        throw CacheError(.damaged, "\(path) ends at byte \(offset + Int64(bytes.count))")
      }
      return bytes
    } catch let error as Errno {
      throw CacheError(.storage, "can't read \(path)", cause: "\(error)")
    }
  }
}
