import BuildCache
import FileTrees
import Foundation
import Glibc
import Programs
import Synchronization
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
  ///   - tell: told of layers that are written otherwise than they came.
  ///   - progress: told how many more bytes of layers were written, and of how many in all.
  /// - Throws: ``CacheError`` `badInput` where the folder holds something, `invalid` where it is in the cache, `noBlobs`,
  ///   `storage`, and `CancellationError`; the folder is then as it was.
  public func exportImage(
    of ref: ImmutableRef, to folder: FilePath, telling tell: (String) -> Void = { _ in },
    progress: (Int64, Int64) -> Void = { _, _ in }
  ) async throws {
    try await withLayers(of: ref, telling: tell) { layers in
      try await filling(folder, mode: 0o755) {
        var writer = try FolderImageWriter($0)
        try self.write(layers, of: ref, .layout, to: &writer, progress)
      }
    }
  }

  /// Writes a record as a tar, whose bytes are handed on; blobs that are missing are made (B15).
  ///
  /// - Parameters:
  ///   - ref: the record.
  ///   - form: how.
  ///   - tell: told of layers that are written otherwise than they came.
  ///   - progress: told how many more bytes of layers were written, and of how many in all.
  ///   - take: is given the tar, chunk by chunk.
  /// - Throws: ``CacheError`` `noBlobs`, `storage`, `CancellationError`, and what `take` throws.
  public func packImage(
    of ref: ImmutableRef, as form: ImageForm, telling tell: (String) -> Void = { _ in },
    progress: (Int64, Int64) -> Void = { _, _ in }, to take: @escaping ([UInt8]) throws -> Void
  ) async throws {
    try await withLayers(of: ref, telling: tell) { layers in
      var writer = TarImageWriter(take)
      try write(layers, of: ref, form, to: &writer, progress)
      try writer.finish()
    }
  }

  /// Writes a record as a tar into a new file: ``packImage(of:as:telling:progress:to:)``.
  ///
  /// - Throws: `badInput` where there is something of that name, and `invalid` where it would be in the cache, besides;
  ///   there is then no such file.
  public func packImage(
    of ref: ImmutableRef, as form: ImageForm, in file: FilePath, telling tell: (String) -> Void = { _ in },
    progress: (Int64, Int64) -> Void = { _, _ in }
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
        try await packImage(of: ref, as: form, telling: tell, progress: progress) { bytes in
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

  /// A layer, and how it is written.
  private struct PackedLayer {
    let layer: BlobDescriptor
    let digest: Digest
    let size: Int64
    let file: FilePath
    let compression: Compression
  }

  /// Runs `body` with the layers of a record, blobs that are missing being made. Those that are packed in a way that OCI
  /// doesn't know are packed anew; what is made for that is kept by nothing afterwards.
  private func withLayers(
    of ref: ImmutableRef, telling tell: (String) -> Void, _ body: ([PackedLayer]) async throws -> Void
  ) async throws {
    let layers = try await ref.blobs(making: true)
    var anew: [Digest: PackedLayer] = [:]
    try await manager.withNewBlobs {
      var packed: [PackedLayer] = []
      for (number, layer) in layers.enumerated() {
        guard let digest = layer.digest else { throw CacheError(.noBlobs, "a layer of \(ref.id) has no blob") }
        let file = try content.file(of: digest)
        // Its bytes tell how it is packed; what came with it may have called it otherwise.
        let compression = try Compression(of: file)
        if compression.isOCI {
          packed.append(
            PackedLayer(layer: layer, digest: digest, size: layer.size, file: file, compression: compression))
          continue
        }
        let made = if let made = anew[digest] { made } else { try await pack(layer, file) }
        anew[digest] = made
        packed.append(made)
        tell(
          "layer \(number + 1) of \(layers.count) is packed with \(compression.rawValue), which OCI doesn't know: it is "
            + "written with \(made.compression.rawValue), as \(made.digest)")
      }
      try await body(packed)
    }
    if !anew.isEmpty { _ = try? await manager.collectGarbage() }
  }

  /// Packs a layer's blob as layers are packed here.
  private func pack(_ layer: BlobDescriptor, _ file: FilePath) async throws -> PackedLayer {
    let hasher = Guarded(DigestHasher())
    let (digest, size, _) = try await content.write(expecting: nil) { sink in
      try await Compression.packer.runAsTool { packer in
        try await ArchiveInput(file).forEachPlainChunk { chunk in
          hasher.withLock { $0.update(chunk) }
          try await packer.write(chunk)
        }
      } taking: {
        try sink.write($0)
      }
    }
    let (diffID, wanted) = (hasher.withLock { $0.finish() }, try layer.diffID())
    guard diffID == wanted || diffID.algorithm != wanted.algorithm else {
      throw CacheError(.badDigest, "blob \(layer.digest?.description ?? "") unpacks to \(diffID), not to \(wanted)")
    }
    return PackedLayer(
      layer: layer, digest: digest, size: size, file: try content.file(of: digest), compression: .packed)
  }

  private func write(
    _ layers: [PackedLayer], of ref: ImmutableRef, _ form: ImageForm, to writer: inout some ImageWriter,
    _ progress: (Int64, Int64) -> Void
  ) throws {
    // A layer may stand twice in an image.
    let total = Dictionary(layers.map { ($0.digest, $0.size) }) { size, _ in size }.values.reduce(0, +)
    var written: Set<Digest> = []
    let entries = try layers.map { packed in
      let layer = packed.layer
      if written.insert(packed.digest).inserted {
        try Task.checkCancellation()
        try writer.write(packed.file, ArchiveFiles.path(of: packed.digest)) { progress($0, total) }
      }
      return OCI.Descriptor(
        mediaType: (layer.isForeign ? OCI.foreignLayerType : OCI.layerType) + packed.compression.suffix,
        digest: packed.digest.description, size: packed.size, urls: layer.urls.isEmpty ? nil : layer.urls)
    }
    let (configText, annotations) = try kept(with: ref, layers.map(\.layer))
    let config = try Self.write(configText, OCI.configType, to: &writer)
    let manifest = OCI.Document(
      mediaType: OCI.manifestType, config: config, layers: entries, annotations: annotations.manifest)
    var entry = try Self.write(try Self.text(manifest), OCI.manifestType, to: &writer)
    let tags = try manager.tags().filter { $0.record == ref.id }.map(\.name)
    entry.annotations = annotations.entry ?? [:]
    // Names that it came with are given back as long as it has none of its own.
    if !tags.isEmpty || entry.annotations?[OCI.refName] == nil {
      entry.annotations?[OCI.refName] = Self.refName(tags)
      entry.annotations?[OCI.containerdName] = nil
    }
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

  /// The configuration and the annotations that came with the image, as long as its layers are those; else a
  /// configuration that says as little as it may.
  private func kept(with ref: ImmutableRef, _ layers: [BlobDescriptor]) throws -> (String, ImageAnnotations) {
    let diffIDs = try layers.map { try $0.diffID().description }
    if let text = try manager.value(Self.configKey, of: ref.id),
      let kept = try? JSONDecoder().decode(OCI.Config.self, from: Data(text.utf8)), kept.diffIDs == diffIDs
    {
      return (text, ImageAnnotations(try manager.value(Self.annotationsKey, of: ref.id)))
    }
    let host = OCI.Platform.host
    let config = OCI.Config(
      os: host.os, architecture: host.architecture, rootfs: .init(type: "layers", diffIDs: diffIDs))
    return (try Self.text(config), ImageAnnotations())
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
