import BuildCache
import FileTrees
import Synchronization
import SystemPackage

extension EmbeddedCache {
  /// Brings an image in: ``importImages(at:_:naming:maxUnpacked:telling:progress:)`` of just one.
  ///
  /// - Returns: the records' ids, lowest layer first.
  public func importImage(
    at path: FilePath, platform: String? = nil, name: String? = nil, maxUnpacked: Int64? = nil
  ) async throws -> [RecordID] {
    try await importImages(
      at: path, ImageChoice(platform: platform), naming: name.map(ImageNaming.given) ?? .none, maxUnpacked: maxUnpacked
    ).first?.records ?? []
  }

  /// Brings images in: each layer by ``CacheManager/getByBlob(_:over:_:countsAsUse:providers:)``, and unpacked.
  ///
  /// Every digest is checked. It is safe to repeat: what is there already, of another image too, is found again.
  ///
  /// - Parameters:
  ///   - path: an OCI image layout, as a folder or a tar, or a tar that `docker save` wrote.
  ///   - choice: which of its images.
  ///   - naming: what the records are then said to belong to.
  ///   - maxUnpacked: the bytes that the archive may have before its layers are unpacked; absent: 64 GB.
  ///   - tell: told what was passed over, and what else has to be known.
  ///   - progress: told how many more bytes were read.
  /// - Returns: the images, in the archive's order; one, unless the choice takes all.
  /// - Throws: ``CacheError`` `badArchive`, `badDigest`, `badInput`, `storage`, and `CancellationError`; of the images
  ///   nothing is left that was not there before.
  public func importImages(
    at path: FilePath, _ choice: ImageChoice, naming: ImageNaming = .none, maxUnpacked: Int64? = nil,
    telling tell: (String) -> Void = { _ in }, progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) async throws -> [ImportedImage] {
    let platform = try choice.platform.map { try OCI.Platform(parsing: $0) }
    let stage = root.appending("trees/import-\(RandomIdentities().newID())")
    defer { try? removeTree(at: stage) }
    let room = UnpackRoom(maxUnpacked)
    var folder = path
    if try FileStatus(following: path).isDirectory == false {
      try await unpackImage(path, into: stage, room, progress)
      folder = stage
    }
    let archive = try ImageArchive(folder, called: path.string)
    let images = try archive.images(choice, platform)
    let names = try naming.names(of: images, in: archive)
    archive.notes(on: images, takesAll: choice.takesAll).forEach(tell)
    let made = Guarded<[RecordID]>([])
    do {
      return try await manager.withNewBlobs {
        var imported: [ImportedImage] = []
        for (image, name) in zip(images, names) {
          let source = name ?? path.lastComponent?.string
          let records = try await self.store(image, called: name, from: source, made, progress)
          imported.append(ImportedImage(records: records, label: archive.typeable(image), name: name))
        }
        return imported
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
    _ image: ArchivedImage, called name: String?, from source: String?, _ made: borrowing Guarded<[RecordID]>,
    _ progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> [RecordID] {
    var refs: [ImmutableRef] = []
    defer { for ref in refs { try? ref.release() } }
    for layer in image.layers {
      let digest = try await store(layer, progress)
      let blob = BlobDescriptor(
        mediaType: layer.mediaType, digest: digest, size: layer.file.size, diffID: layer.diffID, urls: layer.urls)
      let options = RecordOptions(
        description: source.map { "imported from \($0)" } ?? "imported", retain: true, imageRef: name)
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
  private func store(_ layer: ArchivedLayer, _ progress: @escaping @Sendable (Int64) -> Void) async throws -> Digest {
    if let digest = layer.digest, try content.size(of: digest) != nil {
      progress(layer.file.size)
      return digest
    }
    return try await content.write(expecting: layer.digest) { sink in
      try await forEachChunk(of: layer.file.path) { chunk in
        progress(Int64(chunk.count))
        try sink.write(chunk)
      }
    }.digest
  }

  /// Under what the configuration of an image is kept with its top record, so that an export gives it back.
  static let configKey = "org.opencontainers.image.config"
}

extension ImageNaming {
  /// The names of images that are imported together.
  ///
  /// - Throws: ``CacheError`` `badInput` where one has none, or two have the same.
  fileprivate func names(of images: [ArchivedImage], in archive: ImageArchive) throws -> [String?] {
    switch self {
    case .none: return images.map { _ in nil }
    case .given(let name): return images.map { _ in name }
    case .own:
      let names = try images.map { image in
        guard let name = image.names.first?.short else {
          throw CacheError(.badInput, "\(image.label) in \(archive.files.name) bears no name: give it one with --ref")
        }
        return name
      }
      if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
        throw CacheError(
          .badInput, "several images are called \(twice): choose one with --platform, or leave out --tag")
      }
      return names
    }
  }
}
