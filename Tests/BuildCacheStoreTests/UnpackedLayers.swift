import BuildCache
import BuildCacheStore
import Foundation
import SystemPackage
import TestSupport

extension EmbeddedCache {
  /// A record of a layer, unpacked.
  func layer(_ tar: TarBytes, over parent: ImmutableRef? = nil) async throws -> ImmutableRef {
    let bytes = tar.finished
    return try await manager.withNewBlobs {
      let stored = try await content.write(expecting: nil) { try $0.write(bytes) }
      let blob = BlobDescriptor(
        mediaType: "application/vnd.oci.image.layer.v1.tar", digest: stored.digest, size: stored.size,
        diffID: Digest(of: bytes))
      let ref = try await manager.getByBlob(blob, over: parent)
      try await ref.extract()
      return ref
    }
  }
}

/// What is in a folder: paths with their content, links with their target, folders with a slash.
func contents(of folder: FilePath) throws -> [String: String] {
  var found: [String: String] = [:]
  for case let path as String in FileManager.default.enumerator(atPath: folder.string) ?? .init() {
    let full = folder.string + "/" + path
    if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: full) {
      found[path] = "-> " + target
    } else {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
      found[path + (isFolder.boolValue ? "/" : "")] =
        isFolder.boolValue ? "" : try String(contentsOfFile: full, encoding: .utf8)
    }
  }
  return found
}
