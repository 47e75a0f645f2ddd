import BuildCache
import Glibc
import SystemPackage

/// Whether two regular files of one size and name hold the same bytes.
///
/// - Throws: ``CacheError`` `storage` naming the file that can't be read.
package func haveSameContent(_ name: FilePath.Component, in a: Folder, _ b: Folder) throws -> Bool {
  let size = 1 << 16
  let buffers = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size, alignment: 1)
  defer { buffers.deallocate() }
  let left = UnsafeMutableRawBufferPointer(rebasing: buffers[..<size])
  let right = UnsafeMutableRawBufferPointer(rebasing: buffers[size...])
  let first = try a.openFile(name)
  defer { try? first.close() }
  let second = try b.openFile(name)
  defer { try? second.close() }
  var offset: off_t = 0
  while true {
    let count = pread(first.rawValue, left.baseAddress, size, offset)
    guard count >= 0 else { throw a.error("can't read", name) }
    // A regular file is read in full as far as it goes, so the same offset gives as much of the other.
    guard pread(second.rawValue, right.baseAddress, size, offset) == count else { return false }
    if count == 0 { return true }
    guard let left = left.baseAddress, let right = right.baseAddress, memcmp(left, right, count) == 0 else {
      return false
    }
    offset += off_t(count)
  }
}
