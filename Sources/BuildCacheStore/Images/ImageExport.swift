import BuildCache
import FileTrees
import Foundation
import Glibc
import SystemPackage

/// How an image is written.
public enum ImageForm: Sendable {
  /// As an OCI image layout.
  case layout
  /// As that, and as `docker load` of every age takes it, besides.
  case docker
}

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
    try await filling(folder, mode: 0o755) {
      var writer = try FolderImageWriter($0)
      try self.write(layers, of: ref, .layout, to: &writer, progress)
    }
  }

  /// Writes a record as a tar, whose bytes are handed on; blobs that are missing are made (B15).
  ///
  /// - Parameters:
  ///   - ref: the record.
  ///   - form: how.
  ///   - progress: told how many more bytes of blobs were written.
  ///   - take: is given the tar, chunk by chunk.
  /// - Throws: ``CacheError`` `noBlobs`, `storage`, `CancellationError`, and what `take` throws.
  public func packImage(
    of ref: ImmutableRef, as form: ImageForm, progress: @escaping @Sendable (Int64) -> Void = { _ in },
    to take: @escaping ([UInt8]) throws -> Void
  ) async throws {
    let layers = try await ref.blobs(making: true)
    var writer = TarImageWriter(take)
    try write(layers, of: ref, form, to: &writer, progress)
    try writer.finish()
  }

  /// Writes a record as a tar into a new file: ``packImage(of:as:progress:to:)``.
  ///
  /// - Throws: `badInput` where there is something of that name, and `invalid` where it would be in the cache, besides;
  ///   there is then no such file.
  public func packImage(
    of ref: ImmutableRef, as form: ImageForm, in file: FilePath,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) async throws {
    guard try !file.lies(in: root) else {
      throw CacheError(.invalid, "\(file) is in the cache \(root), which is no place to write to")
    }
    guard try FileStatus(of: file) == nil else { throw CacheError(.badInput, "\(file) is there already") }
    let folder = file.removingLastComponent().isEmpty ? "." : file.removingLastComponent()
    let part = folder.appending(".strata-\(RandomIdentities().newID())")
    do {
      let output = try FileDescriptor.writing(part, [.ownerReadWrite, .groupRead, .otherRead])
      do {
        try await packImage(of: ref, as: form, progress: progress) { bytes in
          do { try output.writeAll(bytes) } catch { throw CacheError(.storage, "can't write \(file)", of: error) }
        }
        guard fsync(output.rawValue) == 0 else { throw FileError("can't write", file) }
      } catch {
        try? output.close()
        throw error
      }
      try output.close()
      try self.folder.steps.pass("naming") {
        guard part.withPlatformString({ part in file.withPlatformString { link(part, $0) } }) == 0 else {
          throw FileError("can't make", file)
        }
        try removeTree(at: part)
        try synchronize(folder: folder)
      }
    } catch {
      try? removeTree(at: part)
      throw error
    }
  }

  private func write(
    _ layers: [BlobDescriptor], of ref: ImmutableRef, _ form: ImageForm, to writer: inout some ImageWriter,
    _ progress: (Int64) -> Void
  ) throws {
    var written: Set<Digest> = []
    let entries = try layers.map { layer in
      guard let digest = layer.digest else { throw CacheError(.noBlobs, "a layer of \(ref.id) has no blob") }
      let file = try content.file(of: digest)
      if written.insert(digest).inserted {  // a layer may stand twice in an image
        try Task.checkCancellation()
        try writer.write(file, ArchiveFiles.path(of: digest))
        progress(layer.size)
      }
      return OCI.Descriptor(
        // Its bytes tell how it is packed; what came with it may have called it otherwise.
        mediaType: (layer.isForeign ? OCI.foreignLayerType : OCI.layerType) + (try Compression(of: file).suffix),
        digest: digest.description, size: layer.size, urls: layer.urls.isEmpty ? nil : layer.urls)
    }
    let configText = try config(of: ref, layers)
    let config = try Self.write(configText, OCI.configType, to: &writer)
    let manifest = OCI.Document(mediaType: OCI.manifestType, config: config, layers: entries)
    var entry = try Self.write(try Self.text(manifest), OCI.manifestType, to: &writer)
    let tags = try manager.tags().filter { $0.record == ref.id }.map(\.name)
    entry.annotations = [OCI.refName: Self.refName(tags)]
    if let name = tags.first(where: { $0.contains(":") && Self.isReference($0) }) {
      entry.annotations?[OCI.containerdName] = ImageName(text: name, isReference: true).full
    }
    entry.platform = try Self.platform(of: configText)
    if form == .docker {
      let saved = OCI.SavedImage(
        config: try Self.path(of: config),
        repoTags: tags.filter(Self.isReference).map { ImageName(text: $0, isReference: true).short },
        layers: try entries.map(Self.path))
      try writer.write(Array(try Self.text([saved]).utf8), "manifest.json")
    }
    let index = OCI.Document(mediaType: OCI.indexType, manifests: [entry])
    try writer.write(Array(try Self.text(index).utf8), "index.json")
    // Last: a folder without it is no layout.
    try writer.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), "oci-layout")
  }

  private static func path(of descriptor: OCI.Descriptor) throws -> String {
    ArchiveFiles.path(of: try Digest(parsing: descriptor.digest))
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
  private static func refName(_ tags: [String]) -> String {
    let ends = tags.map { $0.split(separator: ":").last ?? "" }
    return ends.first { $0.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/) != nil }.map(String.init) ?? "latest"
  }

  /// Whether a tag may be that of an image for Docker.
  private static func isReference(_ tag: String) -> Bool {
    let name = /(?:[A-Za-z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*/
    let parts = tag.split(separator: "/", omittingEmptySubsequences: false).last?.split(separator: ":") ?? []
    guard (1...2).contains(parts.count) else { return false }
    let end = parts.count == 2 ? String(parts[1]) : "latest"
    return tag.dropLast(parts.count == 2 ? end.count + 1 : 0).wholeMatch(of: name) != nil
      && end.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/) != nil
  }

  private static func write(_ text: String, _ mediaType: String, to writer: inout some ImageWriter) throws
    -> OCI.Descriptor
  {
    let digest = Digest(of: text.utf8)
    try writer.write(Array(text.utf8), ArchiveFiles.path(of: digest))
    return OCI.Descriptor(mediaType: mediaType, digest: digest.description, size: Int64(text.utf8.count))
  }

  private static func text(_ document: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }
}

extension BlobDescriptor {
  /// Whether it is a layer that is to be had elsewhere.
  fileprivate var isForeign: Bool {
    OCI.Descriptor(mediaType: mediaType, digest: "", size: 0).isForeign
  }
}
