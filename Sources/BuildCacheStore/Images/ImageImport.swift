import BuildCache
import FileTrees
import Synchronization
import SystemPackage

extension EmbeddedCache {
  /// Brings an image in: each layer by ``CacheManager/getByBlob(_:over:_:countsAsUse:providers:)``, and unpacked.
  ///
  /// Every digest is checked. It is safe to repeat: what is there already is found again.
  ///
  /// - Parameters:
  ///   - path: an OCI image layout, as a folder or a tar, or a tar that `docker save` wrote.
  ///   - platform: `OS/ARCH[/VARIANT]`, where there are several images; absent: the only one, or this machine's.
  ///   - name: the image's name, which the records are then said to belong to.
  ///   - maxUnpacked: the bytes that the image may have before its layers are unpacked; absent: 64 GB.
  ///   - progress: told how many more bytes were read.
  /// - Returns: the records' ids, lowest layer first.
  /// - Throws: ``CacheError`` `badArchive`, `badDigest`, `badInput`, `storage`, and `CancellationError`; of the image
  ///   nothing is left that was not there before.
  public func importImage(
    at path: FilePath, platform: String? = nil, name: String? = nil, maxUnpacked: Int64? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) async throws -> [RecordID] {
    let platform = try platform.map { try OCI.Platform(parsing: $0) }
    let stage = root.appending("trees/import-\(RandomIdentities().newID())")
    defer { try? removeTree(at: stage) }
    let room = UnpackRoom(maxUnpacked)
    var folder = path
    if try FileStatus(following: path).isDirectory == false {
      try await unpackImage(path, into: stage, room, progress)
      folder = stage
    }
    let image = try ImageFolder(folder).image(platform)
    let made = Guarded<[RecordID]>([])
    do {
      return try await manager.withNewBlobs {
        try await self.store(image, name ?? path.lastComponent?.string, made, progress)
      }
    } catch {
      await takeBack(made.withLock(\.self))
      throw error
    }
  }

  /// Unpacks the tar that holds an image; its blobs, not their layers.
  private func unpackImage(
    _ file: FilePath, into stage: FilePath, _ room: UnpackRoom, _ progress: @escaping @Sendable (Int64) -> Void
  ) async throws {
    try makeFolder(stage)
    do {
      _ = try await ArchiveUnpacker(room: room, progress: progress, steps: folder.steps).unpack(file, onto: stage) {
        entry in
        switch entry.kind {
        case .file, .folder, .link, .hardLink: break
        case .device, .pipe: throw CacheError(.badArchive, "entry \(entry.name) is no file")
        }
      }
    } catch let error as CacheError where error.code == .badArchive {
      throw CacheError(.badArchive, "\(file) is no image that can be read: \(error.message)", cause: error.cause)
    }
  }

  private func store(
    _ image: ImageFolder.Image, _ name: String?, _ made: borrowing Guarded<[RecordID]>,
    _ progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> [RecordID] {
    var refs: [ImmutableRef] = []
    defer { for ref in refs { try? ref.release() } }
    for layer in image.layers {
      let digest = try await store(layer, progress)
      let blob = BlobDescriptor(
        mediaType: layer.mediaType, digest: digest, size: layer.size, diffID: layer.diffID, urls: layer.urls)
      let options = RecordOptions(
        description: name.map { "imported from \($0)" } ?? "imported", retain: true, imageRef: name)
      let (ref, isNew) = try await manager.findOrMake(blob, over: refs.last, options)
      refs.append(ref)
      if isNew { made.withLock { $0.append(ref.id) } }
    }
    try await refs.last?.extract()
    for ref in refs { _ = try await ref.size() }  // so that those who only look need not measure them
    if let top = refs.last { try manager.setValue(Self.configKey, of: top.id, to: image.config) }
    return refs.map(\.id)
  }

  /// Stores a layer's blob, unless it is there.
  private func store(_ layer: ImageFolder.Layer, _ progress: @escaping @Sendable (Int64) -> Void) async throws -> Digest
  {
    if let digest = layer.digest, try content.size(of: digest) != nil {
      progress(layer.size)
      return digest
    }
    return try await content.write(expecting: layer.digest) { sink in
      try await forEachChunk(of: layer.file) { chunk in
        progress(Int64(chunk.count))
        try sink.write(chunk)
      }
    }.digest
  }

  /// Under what the configuration of an image is kept with its top record, so that an export gives it back.
  static let configKey = "org.opencontainers.image.config"
}
