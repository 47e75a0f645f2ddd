import BuildCache
import FileTrees
import Foundation
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
  ///   - progress: told of which step how many more bytes are done, and of how many in all where that is known.
  /// - Returns: the images, in the archive's order; one, unless the choice takes all.
  /// - Throws: ``CacheError`` `badArchive`, `badDigest`, `badInput`, `storage`, and `CancellationError`; of the images
  ///   nothing is left that was not there before.
  public func importImages(
    from source: ImageSource, _ choice: ImageChoice, naming: ImageNaming = .none, maxUnpacked: Int64? = nil,
    telling tell: (String) -> Void = { _ in },
    progress: @escaping @Sendable (ImportStep, Int64, Int64?) -> Void = { _, _, _ in }
  ) async throws -> [ImportedImage] {
    let platform = try choice.platform.map { try OCI.Platform(parsing: $0) }
    let stage = root.appending("trees/import-\(RandomIdentities().newID())")
    defer { try? removeTree(at: stage) }
    let room = UnpackRoom(maxUnpacked)
    var staged: FileDigests?
    var folder = stage
    if let input = try source.archive({ progress(.reading, $0, $1) }) {
      staged = try await unpackImage(input, into: stage, room)
    } else if case .path(let path) = source {
      folder = path
    }
    let archive = try ImageArchive(folder, called: source.name)
    let images = try archive.images(choice, platform)
    let names = try naming.names(of: images, in: archive)
    archive.notes(on: images, takesAll: choice.takesAll).forEach(tell)
    let intake = ImageIntake(self, archive.files.name, images, staged: staged) { progress(.unpacking, $0, $1) }
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
  /// Under what its annotations are kept there, as ``ImageAnnotations``.
  static let annotationsKey = "strata.image.annotations"
}

/// What an import takes its time for.
public enum ImportStep: Sendable {
  /// A tar is read, and what is in it is written to the disk.
  case reading
  /// Layers are stored and unpacked; their bytes count as they are packed.
  case unpacking
}

/// Takes the images of one archive in.
private final class ImageIntake: Sendable {
  private let cache: EmbeddedCache
  /// What the archive is called.
  private let archive: String
  private let staged: FileDigests?
  private let total: Int64
  private let progress: @Sendable (Int64, Int64?) -> Void
  /// The files that were counted: images may share them.
  private let counted = Guarded<Set<FileIdentity>>([])
  private let newRecords = Guarded<[RecordID]>([])

  /// The records that were not there before.
  var made: [RecordID] { newRecords.withLock { $0 } }

  /// How many layers are stored and unpacked ahead of the one that comes into its tree.
  private static let width = min(max(ProcessInfo.processInfo.activeProcessorCount, 2), 4) + 1

  /// - Parameters:
  ///   - archive: what the archive is called.
  ///   - images: all that will be taken.
  ///   - staged: the digests of the files, where these are the cache's own, and may be moved.
  init(
    _ cache: EmbeddedCache, _ archive: String, _ images: [ArchivedImage], staged: FileDigests?,
    progress: @escaping @Sendable (Int64, Int64?) -> Void
  ) {
    (self.cache, self.archive, self.staged, self.progress) = (cache, archive, staged, progress)
    var sizes: [FileIdentity: Int64] = [:]
    for image in images { for layer in image.layers { sizes[layer.file.status.identity] = layer.file.size } }
    total = sizes.values.reduce(0, +)
  }

  /// Takes an image in: its layers are stored, checked and unpacked side by side, and come into their trees in order.
  ///
  /// - Parameters:
  ///   - name: what it is called; absent: nothing.
  ///   - source: where it came from, in its records' descriptions.
  func take(_ image: ArchivedImage, called name: String?, from source: String) async throws -> [RecordID] {
    var refs: [ImmutableRef] = []
    defer { for ref in refs { try? ref.release() } }
    var diffIDs: [Digest] = []
    let (layers, chains) = (image.layers, Self.chains(of: image))
    try await workingAhead(layers.count, width: Self.width) { number in
      try await waiting {
        do { return try await self.prepare(layers[number], chains[number]) } catch {
          throw self.named(error, number, of: image)
        }
      }
    } taking: { number, layer in
      diffIDs.append(layer.diffID)
      let archived = layers[number]
      let blob = BlobDescriptor(
        mediaType: archived.mediaType, digest: layer.digest, size: archived.file.size, diffID: layer.diffID,
        urls: archived.urls)
      let options = RecordOptions(
        description: archived.description ?? "imported from \(source)", createdAt: archived.createdAt, retain: true,
        imageRef: name)
      let parent = image.parents.map { $0[number].map { refs[$0] } } ?? refs.last
      let (ref, isNew) = try await self.cache.manager.findOrMake(blob, over: parent, options)
      refs.append(ref)
      if isNew { self.newRecords.withLock { $0.append(ref.id) } }
      do {
        try await TarLayerApplier.$ahead.withValue(layer.contents) { try await ref.extract() }
      } catch { throw self.named(error, number, of: image) }
      _ = try await ref.size()  // so that those who only look need not measure it
    }
    if let top = refs.last, image.parents == nil {
      let isWhole = image.layers.allSatisfy { $0.diffID != nil }
      let config = isWhole ? image.config : try OCI.config(image.config, of: diffIDs)
      try cache.manager.setValue(EmbeddedCache.configKey, of: top.id, to: config)
      try cache.manager.setValue(EmbeddedCache.annotationsKey, of: top.id, to: image.annotations.text)
    }
    return refs.map(\.id)
  }

  /// A layer whose blob is stored.
  private struct PreparedLayer {
    let digest: Digest
    let diffID: Digest
    /// What is in it, to be brought into its tree; absent where the tree is there.
    let contents: StagedArchive?
  }

  /// The chain ids of an image's layers, as far as its configuration tells them.
  private static func chains(of image: ArchivedImage) -> [Digest?] {
    var chains: [Digest?] = []
    for (number, layer) in image.layers.enumerated() {
      let below = image.parents.map { $0[number] } ?? (number == 0 ? nil : number - 1)
      guard let diffID = layer.diffID, below == nil || chains[below ?? 0] != nil else {
        chains.append(nil)
        continue
      }
      chains.append(Digest.chain(diffID, over: below.flatMap { chains[$0] }))
    }
    return chains
  }

  /// Stores and unpacks a layer, as far as that is not done already.
  private func prepare(_ layer: ArchivedLayer, _ chain: Digest?) async throws -> PreparedLayer {
    let digest = try await store(layer)
    let isNews = counted.withLock { $0.insert(layer.file.status.identity).inserted }
    let (progress, total) = (progress, total)
    let told = { @Sendable (count: Int64) in if isNews { progress(count, total) } }
    if let diffID = layer.diffID, let chain, hasTree(chain) {
      told(layer.file.size)
      return PreparedLayer(digest: digest, diffID: diffID, contents: nil)
    }
    let contents = try await cache.layers.stage(
      cache.content.file(of: digest), layer.diffID,
      in: cache.root.appending("trees/import-\(RandomIdentities().newID())"), counting: told)
    return PreparedLayer(digest: digest, diffID: layer.diffID ?? contents.diffID, contents: contents)
  }

  /// Whether a record has the tree of a chain. It may be gone a moment later: then the tree is made all the same, only
  /// not ahead.
  private func hasTree(_ chain: Digest) -> Bool {
    cache.manager.search(chainID: chain).contains { (try? cache.manager.details(of: $0))?.folder != nil }
  }

  /// An error that tells which layer of what it is about.
  private func named(_ error: any Error, _ number: Int, of image: ArchivedImage) -> any Error {
    guard var error = error as? CacheError, [.badArchive, .badDigest].contains(error.code) else { return error }
    let label = image.names.first.map { "\($0.short) in " } ?? ""
    error.message = "layer \(number + 1) of \(image.layers.count) of \(label)\(archive): \(error.message)"
    return error
  }

  /// Stores a layer's blob, unless it is there: by its name alone, where its file was written for this import.
  private func store(_ layer: ArchivedLayer) async throws -> Digest {
    if let digest = layer.digest, try cache.content.size(of: digest) != nil { return digest }
    if let digest = staged?[layer.file.status.identity], layer.digest == nil || layer.digest == digest {
      if try cache.content.size(of: digest) != nil { return digest }
      do {
        if try cache.blobs.adopt(layer.file.path, as: digest) { return digest }
      } catch {
        // The same file may be another layer's, too, which was quicker.
        guard try cache.content.size(of: digest) != nil else { throw error }
        return digest
      }
    }
    return try await cache.content.write(expecting: layer.digest) { sink in
      try await ArchiveInput(layer.file.path, called: layer.name).forEachChunk { try sink.write($0) }
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
