import BuildCache
import FileTrees
import Synchronization
import SystemPackage

extension EmbeddedCache {
  /// Brings an image in: ``importImages(from:_:naming:maxUnpacked:telling:progress:)`` of just one.
  ///
  /// - Returns: the records' ids, lowest layer first.
  public func importImage(
    at path: FilePath, platform: String? = nil, name: String? = nil, maxUnpacked: Int64? = nil
  ) async throws -> [RecordID] {
    try await importImages(
      from: .path(path), ImageChoice(platform: platform), naming: name.map(ImageNaming.given) ?? .none,
      maxUnpacked: maxUnpacked
    ).first?.records ?? []
  }

  /// Brings images in: each layer by ``CacheManager/getByBlob(_:over:_:countsAsUse:providers:)``, and unpacked.
  ///
  /// Every digest is checked. It is safe to repeat: what is there already, of another image too, is found again.
  ///
  /// - Parameters:
  ///   - source: an OCI image layout, as a folder or a tar, or what `docker save` wrote.
  ///   - choice: which of its images.
  ///   - naming: what the records are then said to belong to.
  ///   - maxUnpacked: the bytes that the archive may have before its layers are unpacked; absent: 64 GB.
  ///   - tell: told what was passed over, and what else has to be known.
  ///   - progress: told how many more bytes were read, and of how many in all where that is known.
  /// - Returns: the images, in the archive's order; one, unless the choice takes all.
  /// - Throws: ``CacheError`` `badArchive`, `badDigest`, `badInput`, `storage`, and `CancellationError`; of the images
  ///   nothing is left that was not there before.
  public func importImages(
    from source: ImageSource, _ choice: ImageChoice, naming: ImageNaming = .none, maxUnpacked: Int64? = nil,
    telling tell: (String) -> Void = { _ in }, progress: @escaping @Sendable (Int64, Int64?) -> Void = { _, _ in }
  ) async throws -> [ImportedImage] {
    let platform = try choice.platform.map { try OCI.Platform(parsing: $0) }
    let stage = root.appending("trees/import-\(RandomIdentities().newID())")
    defer { try? removeTree(at: stage) }
    let room = UnpackRoom(maxUnpacked)
    var staged: FileDigests?
    var folder = stage
    if let input = try source.archive(progress) {
      staged = try await unpackImage(input, into: stage, room)
    } else if case .path(let path) = source {
      folder = path
    }
    let archive = try ImageArchive(folder, called: source.name)
    let images = try archive.images(choice, platform)
    let names = try naming.names(of: images, in: archive)
    archive.notes(on: images, takesAll: choice.takesAll).forEach(tell)
    var intake = ImageIntake(self, archive.files, images, staged: staged, room, progress: progress)
    do {
      return try await manager.withNewBlobs {
        var imported: [ImportedImage] = []
        for (image, name) in zip(images, names) {
          let records = try await intake.take(image, called: name, from: name ?? source.shortName)
          imported.append(ImportedImage(records: records, label: archive.typeable(image), name: name))
        }
        return imported
      }
    } catch {
      await takeBack(intake.made)
      throw error
    }
  }

  /// Unpacks the tar that holds images; their blobs, not their layers.
  private func unpackImage(_ input: ArchiveInput, into stage: FilePath, _ room: UnpackRoom)
    async throws -> FileDigests
  {
    try makeFolder(stage)
    let digests = FileDigests()
    do {
      _ = try await ArchiveUnpacker(room: room, progress: { _ in }, digests: digests, steps: folder.steps)
        .unpack(input, onto: stage) { entry in
          switch entry.kind {
          case .file, .folder, .link, .hardLink: break
          case .device, .pipe: throw CacheError(.badArchive, "entry \(entry.name) is no file")
          }
        }
    } catch let error as CacheError where error.code == .badArchive {
      throw CacheError(.badArchive, "\(input.name) is no image that can be read: \(error.message)", cause: error.cause)
    }
    return digests
  }

  /// Under what the configuration of an image is kept with its top record, so that an export gives it back.
  static let configKey = "org.opencontainers.image.config"
}

/// Takes the images of one archive in.
private struct ImageIntake {
  private let cache: EmbeddedCache
  private let files: ArchiveFiles
  private let staged: FileDigests?
  /// How much may be unpacked only to know its digest.
  private let room: UnpackRoom
  private let total: Int64
  private let progress: @Sendable (Int64, Int64?) -> Void
  /// The files that were counted: images may share them.
  private var counted: Set<FileIdentity> = []
  /// The records that were not there before.
  private(set) var made: [RecordID] = []

  /// - Parameters:
  ///   - images: all that will be taken.
  ///   - staged: the digests of the files, where these are the cache's own, and may be moved; they were counted then.
  init(
    _ cache: EmbeddedCache, _ files: ArchiveFiles, _ images: [ArchivedImage], staged: FileDigests?,
    _ room: UnpackRoom, progress: @escaping @Sendable (Int64, Int64?) -> Void
  ) {
    (self.cache, self.files, self.staged, self.room, self.progress) = (cache, files, staged, room, progress)
    var sizes: [FileIdentity: Int64] = [:]
    for image in images { for layer in image.layers { sizes[layer.file.status.identity] = layer.file.size } }
    total = sizes.values.reduce(0, +)
  }

  /// Takes an image in.
  ///
  /// - Parameters:
  ///   - name: what it is called; absent: nothing.
  ///   - source: where it came from, in its records' descriptions.
  mutating func take(_ image: ArchivedImage, called name: String?, from source: String) async throws -> [RecordID] {
    var refs: [ImmutableRef] = []
    defer { for ref in refs { try? ref.release() } }
    var diffIDs: [Digest] = []
    for (number, layer) in image.layers.enumerated() {
      let (digest, diffID): (Digest, Digest)
      do {
        digest = try await store(layer)
        if let known = layer.diffID { diffID = known } else { diffID = try await self.diffID(of: digest, layer.name) }
      } catch { throw named(error, number, of: image) }
      diffIDs.append(diffID)
      let blob = BlobDescriptor(
        mediaType: layer.mediaType, digest: digest, size: layer.file.size, diffID: diffID, urls: layer.urls)
      let options = RecordOptions(
        description: layer.description ?? "imported from \(source)", createdAt: layer.createdAt, retain: true,
        imageRef: name)
      let parent = image.parents.map { $0[number].map { refs[$0] } } ?? refs.last
      let (ref, isNew) = try await cache.manager.findOrMake(blob, over: parent, options)
      refs.append(ref)
      if isNew { made.append(ref.id) }
    }
    for (number, ref) in refs.enumerated() {
      do { try await ref.extract() } catch { throw named(error, number, of: image) }
      _ = try await ref.size()  // so that those who only look need not measure it
    }
    if let top = refs.last, image.parents == nil {
      let isWhole = image.layers.allSatisfy { $0.diffID != nil }
      let config = isWhole ? image.config : try OCI.config(image.config, of: diffIDs)
      try cache.manager.setValue(EmbeddedCache.configKey, of: top.id, to: config)
    }
    return refs.map(\.id)
  }

  /// The digest that a blob has when it isn't compressed any more.
  private func diffID(of blob: Digest, _ name: String) async throws -> Digest {
    let hasher = Guarded(DigestHasher())
    let room = room
    try await ArchiveInput(cache.content.file(of: blob)).forEachPlainChunk { chunk in
      guard room.take(upTo: Int64(chunk.count)) == chunk.count else { throw room.noRoom(at: name) }
      hasher.withLock { $0.update(chunk) }
    }
    return hasher.withLock { $0.finish() }
  }

  /// An error that tells which layer of what it is about.
  private func named(_ error: any Error, _ number: Int, of image: ArchivedImage) -> any Error {
    guard var error = error as? CacheError, [.badArchive, .badDigest].contains(error.code) else { return error }
    let label = image.names.first.map { "\($0.short) in " } ?? ""
    error.message = "layer \(number + 1) of \(image.layers.count) of \(label)\(files.name): \(error.message)"
    return error
  }

  /// Stores a layer's blob, unless it is there: by its name alone, where its file was written for this import.
  private mutating func store(_ layer: ArchivedLayer) async throws -> Digest {
    let file = layer.file
    let isNews = counted.insert(file.status.identity).inserted && staged == nil
    let (progress, total) = (progress, total)
    let told = { @Sendable (count: Int64) in if isNews { progress(count, total) } }
    if let digest = layer.digest, try cache.content.size(of: digest) != nil {
      told(file.size)
      return digest
    }
    if let digest = staged?[file.status.identity], layer.digest == nil || layer.digest == digest {
      if try cache.content.size(of: digest) != nil { return digest }
      if try cache.blobs.adopt(file.path, as: digest) { return digest }
    }
    return try await cache.content.write(expecting: layer.digest) { sink in
      try await ArchiveInput(file.path, called: layer.name, counting: told).forEachChunk { try sink.write($0) }
    }.digest
  }
}

extension ImageNaming {
  /// The names of images that are imported together.
  ///
  /// - Throws: ``CacheError`` `badInput` where one has none, or two have the same.
  fileprivate func names(of images: [ArchivedImage], in archive: ImageArchive) throws -> [String?] {
    if self != .none, images.contains(where: { $0.parents != nil }) {
      throw CacheError(.badInput, "\(archive.files.name) is a build cache: it has no top record to give a name to")
    }
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
