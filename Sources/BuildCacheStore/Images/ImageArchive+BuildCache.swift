import BuildCache
import FileTrees
import SystemPackage

/// What `--cache-to type=local` of BuildKit writes: layers, of which each may stand on any other, and records that say
/// which step of a build made which of them.
extension ImageArchive {
  /// What is kept of it in a blob of its own. Numbers that are 0 are left out.
  private struct CacheConfig: Decodable {
    struct Layer: Decodable {
      let blob: String?
      let parent: Int?
    }
    struct Record: Decodable {}
    let layers: [Layer]?
    let records: [Record]?
  }

  /// A build cache, of an index or a manifest that has its layers.
  func cache(of document: OCI.Document, _ digests: [Digest], _ names: [ImageName]) throws -> ArchivedImage {
    var cache = ArchivedImage(names: names, digests: digests)
    let descriptors = (document.manifests ?? []) + (document.layers ?? [])
    let types = [document.config].compactMap(\.self) + descriptors
    guard let descriptor = types.first(where: { $0.mediaType == OCI.cacheConfigType }) else { return cache }
    let name = ArchiveFiles.path(of: try files.digest(descriptor.digest))
    guard let bytes = try files.blob(descriptor) else {
      cache.missing = "\(name) is not in it"
      return cache
    }
    let config = try files.decode(CacheConfig.self, bytes, name)
    let layers = config.layers ?? []
    guard layers.count <= 10_000 else { throw CacheError(.badArchive, "\(files.name) lists too many layers") }
    let known = Dictionary(descriptors.map { ($0.digest, $0) }) { first, _ in first }
    var (places, parents): ([Int?], [Int?]) = ([], [])
    for (number, layer) in layers.enumerated() {
      let parent = layer.parent ?? 0
      guard (-1..<number).contains(parent) else {
        throw CacheError(.badArchive, "\(name) in \(files.name) is damaged: layer \(number) stands on none before it")
      }
      let below = parent < 0 ? nil : places[parent]
      // What stands on something that can't be had can't be had either.
      guard parent < 0 || below != nil, let found = try self.layer(layer.blob, known) else {
        places.append(nil)
        continue
      }
      places.append(cache.layers.count)
      parents.append(below)
      cache.layers.append(found)
    }
    cache.parents = parents
    if cache.layers.isEmpty {
      cache.fault = CacheError(
        .badArchive, "\(files.name) is a build cache that BuildKit exported, and no image; none of its layers is in it")
    }
    let lost = layers.count - cache.layers.count
    cache.note =
      "\(files.name) is a build cache that BuildKit exported, and no image: its layers are records, each over the one that "
      + "it names; which steps they are of is not kept"
      + (lost > 0 ? "; \(lost) of \(layers.count) layers are not in it, or stand on one that isn't" : "")
    return cache
  }

  private func layer(_ blob: String?, _ known: [String: OCI.Descriptor]) throws -> ArchivedLayer? {
    guard let blob, let descriptor = known[blob] else { return nil }
    let part = Part(descriptor, try files.digest(blob))
    guard let file = try files.file(part.name) else { return nil }
    let annotations = descriptor.annotations ?? [:]
    var layer = try layer(part, annotations[BlobDescriptor.uncompressed].map { try files.digest($0) }, file)
    layer.description = annotations["buildkit/description"].flatMap { $0.isEmpty ? nil : $0 }
    layer.createdAt = annotations["buildkit/createdat"].flatMap { try? Timestamp(parsing: $0) }
    return layer
  }
}
