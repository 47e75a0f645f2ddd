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
    /// What a step of a build made.
    struct Record: Decodable {
      struct Result: Decodable {
        let layer: Int?
        let createdAt: String?
      }
      struct Chain: Decodable {
        let layers: [Int]?
        let createdAt: String?
      }
      let digest: String?
      let layers: [Result]?
      /// Results whose layers are listed, lowest first.
      let chains: [Chain]?

      /// The topmost layer of each result.
      var results: [(layer: Int, createdAt: String?)] {
        (layers ?? []).map { ($0.layer ?? 0, $0.createdAt) }
          + (chains ?? []).compactMap { chain in chain.layers?.last.map { ($0, chain.createdAt) } }
      }
    }
    let layers: [Layer]?
    let records: [Record]?

    /// The numbers of the layers, each after the one that it stands on, which BuildKit may list after it.
    ///
    /// - Throws: in words, what can't be.
    func order() throws(Fault) -> [Int] {
      let layers = layers ?? []
      var order: [Int] = []
      var seen: Set<Int> = []
      for start in layers.indices {
        var chain: [Int] = []
        var next = start
        while next >= 0, seen.insert(next).inserted {
          chain.append(next)
          let parent = layers[next].parent ?? 0
          guard (-1..<layers.count).contains(parent) else { throw Fault("layer \(next) stands on none that is listed") }
          next = parent
        }
        guard !chain.contains(next) else { throw Fault("layer \(next) stands on itself in the end") }
        order += chain.reversed()
      }
      return order
    }

    /// The steps that made layers, by these.
    var steps: [Int: [(digest: String, createdAt: String?)]] {
      var steps: [Int: [(String, String?)]] = [:]
      for record in records ?? [] {
        for result in record.results {
          steps[result.layer, default: []].append((record.digest ?? "", result.createdAt))
        }
      }
      return steps
    }
  }

  private struct Fault: Error {
    let words: String
    init(_ words: String) { self.words = words }
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
    let order: [Int]
    do { order = try config.order() } catch {
      throw CacheError(.badArchive, "\(name) in \(files.name) is damaged: \(error.words)")
    }
    let steps = config.steps
    var places = [Int?](repeating: nil, count: layers.count)
    var parents: [Int?] = []
    for number in order {
      let parent = layers[number].parent ?? 0
      let below = parent < 0 ? nil : places[parent]
      // What stands on something that can't be had can't be had either.
      guard parent < 0 || below != nil, var found = try layer(layers[number].blob, known) else { continue }
      if let step = steps[number]?.first, let digest = try? Digest(parsing: step.digest) {
        found.description = found.description ?? "step \(ArchivedImage.short(digest))"
        found.createdAt = found.createdAt ?? step.createdAt.flatMap { try? Timestamp(parsing: $0) }
      }
      places[number] = cache.layers.count
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
      + "it names; it has the digests of the steps that made them, and not what these ran"
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
