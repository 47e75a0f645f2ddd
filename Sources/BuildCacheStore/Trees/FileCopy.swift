import BuildCache
import CLinux
import FileTrees
import Glibc
import SystemPackage

/// Copies what is in a file to a new one.
///
/// - Parameter progress: told how many more bytes are done, as many as it is long in all.
func copyFile(_ source: FilePath, to place: FilePath, progress: (Int64) -> Void = { _ in }) throws {
  let input = try FileDescriptor.reading(source)
  try input.closeAfter {
    let output: FileDescriptor
    do {
      output = try FileDescriptor.open(
        place, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
    } catch {
      throw CacheError(.storage, "can't write \(place)", of: error)
    }
    try output.closeAfter { try copyContent(input.rawValue, output.rawValue, source, place, progress) }
  }
}

/// Copies what is in a file of a folder to a new one of another.
///
/// - Parameter progress: told how many more bytes are done, as many as it is long in all.
func copyFile(
  _ source: FilePath.Component, in folder: Folder, to place: FilePath.Component, in target: Folder,
  progress: (Int64) -> Void = { _ in }
) throws {
  let input = try folder.openFile(source)
  try input.closeAfter {
    let output = try target.makeFile(place)
    try output.closeAfter {
      try copyContent(
        input.rawValue, output.rawValue, folder.path.appending(source), target.path.appending(place), progress)
    }
  }
}

/// Copies what is in an open file to another: by reflink where the file system has it, holes kept.
private func copyContent(
  _ input: Int32, _ output: Int32, _ source: FilePath, _ place: FilePath, _ progress: (Int64) -> Void
) throws {
  let end = lseek(input, 0, SEEK_END)
  guard end >= 0 else { throw FileError("can't read", source) }
  // A reflink, where the file system has them, takes neither time nor room.
  if ioctl(output, strata_ficlone, input) == 0 { return progress(Int64(end)) }
  var start: off_t = 0
  while start < end {
    try Task.checkCancellation()
    let data = lseek(input, start, strata_seek_data)
    if data < 0 {
      if errno == ENXIO { break }  // only a hole is left
      throw FileError("can't read", source)
    }
    progress(Int64(data - start))
    let hole = lseek(input, data, strata_seek_hole)
    start = hole < 0 ? end : min(hole, end)
    try copyBytes(input, output, data..<start, source, place, progress)
  }
  progress(Int64(end - start))
  guard ftruncate(output, end) == 0 else { throw FileError("can't write", place) }
}

private func copyBytes(
  _ input: Int32, _ output: Int32, _ range: Range<off_t>, _ source: FilePath, _ place: FilePath,
  _ progress: (Int64) -> Void
) throws {
  var offset = range.lowerBound
  guard lseek(output, offset, SEEK_SET) == offset else { throw FileError("can't write", place) }
  while offset < range.upperBound {
    try Task.checkCancellation()
    let count = sendfile(output, input, &offset, min(Int(range.upperBound - offset), 1 << 24))
    if count < 0 && errno != EINTR { throw FileError("can't copy to", place) }
    if count == 0 { return progress(Int64(range.upperBound - offset)) }  // it was cut short meanwhile
    progress(Int64(max(0, count)))
  }
}
