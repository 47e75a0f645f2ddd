import BuildCache
import FileTrees
import Foundation
import Glibc
import SystemPackage

extension EmbeddedCache {
  /// Writes a record as an OCI image layout; blobs that are missing are made (B15).
  ///
  /// - Parameters:
  ///   - ref: the record.
  ///   - folder: where to; it is made, or is empty, and is not in the cache.
  ///   - progress: told how many more bytes of blobs were written.
  /// - Throws: ``CacheError`` `badInput` where the folder holds something, `invalid` where it is in the cache, `noBlobs`,
  ///   `storage`, and `CancellationError`; the folder is then as it was.
  public func exportImage(
    of ref: ImmutableRef, to folder: FilePath, progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) async throws {
    let layers = try await ref.blobs(making: true)
    try await filling(folder, mode: 0o755) { try await self.write(layers, of: ref, to: $0, progress) }
  }

  private func write(
    _ layers: [BlobDescriptor], of ref: ImmutableRef, to folder: FilePath, _ progress: @Sendable (Int64) -> Void
  ) async throws {
    try makeFolder(folder.appending("blobs"), mode: 0o755)
    try makeFolder(folder.appending("blobs/sha256"), mode: 0o755)
    for layer in layers {
      guard let digest = layer.digest else { throw CacheError(.noBlobs, "a layer of \(ref.id) has no blob") }
      let place = folder.pushing(FilePath(ArchiveFiles.path(of: digest)))
      if try FileStatus(of: place) != nil { continue }  // a layer may stand twice in a merge
      try copyFile(content.file(of: digest), to: place)
      guard place.withPlatformString({ chmod($0, 0o644) }) == 0 else { throw FileError("can't write", place) }
      progress(layer.size)
    }
    let configText = try config(of: ref, layers)
    let config = try writeBlob(configText, OCI.configType, in: folder)
    let manifest = OCI.Document(
      mediaType: OCI.manifestType, config: config,
      layers: layers.map { layer in
        OCI.Descriptor(
          mediaType: layer.mediaType, digest: layer.digest?.description ?? "", size: layer.size,
          urls: layer.urls.isEmpty ? nil : layer.urls)
      })
    var entry = try writeBlob(try Self.text(manifest), OCI.manifestType, in: folder)
    entry.annotations = [OCI.refName: try refName(of: ref.id)]
    entry.platform = try Self.platform(of: configText)
    let index = OCI.Document(mediaType: OCI.indexType, manifests: [entry])
    try Self.write(try Self.text(index), to: folder.appending("index.json"))
    // Last: a folder without it is no layout.
    try Self.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: folder.appending("oci-layout"))
  }

  /// The configuration that came with the image, or one that says as little as it may.
  private func config(of ref: ImmutableRef, _ layers: [BlobDescriptor]) throws -> String {
    let diffIDs = try layers.map { try $0.diffID().description }
    if let text = try manager.value(Self.configKey, of: ref.id),
      let kept = try? JSONDecoder().decode(OCI.Config.self, from: Data(text.utf8)), kept.diffIDs == diffIDs
    {
      return text
    }
    let host = OCI.Platform.host
    return try Self.text(
      OCI.Config(os: host.os, architecture: host.architecture, rootfs: .init(type: "layers", diffIDs: diffIDs)))
  }

  private static func platform(of config: String) throws -> OCI.Platform {
    try JSONDecoder().decode(OCI.Config.self, from: Data(config.utf8))
      .platform(else: OCI.Platform.host.architecture)
  }

  /// The name of the image in the layout: the end of a tag, if the record has one that may stand there.
  private func refName(of id: RecordID) throws -> String {
    let tags = try manager.tags().filter { $0.record == id }.map { $0.name.split(separator: ":").last ?? "" }
    return tags.first { $0.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/) != nil }.map(String.init) ?? "latest"
  }

  private func writeBlob(_ text: String, _ mediaType: String, in folder: FilePath) throws -> OCI.Descriptor {
    let digest = Digest(of: text.utf8)
    try Self.write(text, to: folder.pushing(FilePath(ArchiveFiles.path(of: digest))))
    return OCI.Descriptor(mediaType: mediaType, digest: digest.description, size: Int64(text.utf8.count))
  }

  private static func text(_ document: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }

  private static func write(_ text: String, to file: FilePath) throws {
    try writeFile(text.utf8, to: file, [.ownerReadWrite, .groupRead, .otherRead])
  }
}
