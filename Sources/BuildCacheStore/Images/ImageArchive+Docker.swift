import BuildCache
import FileTrees
import SystemPackage

/// What `docker save` packs, of every age.
extension ImageArchive {
  /// Reads Docker's own list, which has images that its index leaves out.
  mutating func readSaved() throws {
    guard let bytes = try files.read("manifest.json") else { return }
    isKnown = true
    let list = try files.decode([OCI.SavedImage]?.self, bytes, "manifest.json") ?? []
    guard list.count <= 10_000 else { throw CacheError(.badArchive, "\(files.name) lists too many images") }
    for saved in list {
      let names = (saved.repoTags ?? []).map { ImageName(text: $0, isReference: true) }
      guard let bytes = try files.read(saved.config) else {
        add(
          ArchivedImage(
            names: names, digests: [], missing: "its configuration \(saved.config.prefix(200)) is not in it"))
        continue
      }
      let config = try files.decode(OCI.Config.self, bytes, saved.config)
      var image = ArchivedImage(names: names, digests: [Digest(of: bytes)], platform: config.platform())
      let layers = saved.layers ?? []
      let parts = layers.enumerated().map { number, name in
        let source = config.diffIDs.count == layers.count ? saved.layerSources?[config.diffIDs[number]] : nil
        return Part(
          name: name, mediaType: nil, digest: nil, isForeign: source?.isForeign == true, urls: source?.urls ?? [])
      }
      try fill(&image, config.diffIDs, bytes, parts)
      add(image)
    }
  }

  // MARK: the oldest

  /// A layer as the oldest form has it: `<id>/json` beside `<id>/layer.tar`.
  private struct OldLayer: Decodable {
    let parent: String?
  }

  /// Reads what was written before there was a `manifest.json`: a folder a layer, each naming the one beneath it, and
  /// `repositories` for the names of the uppermost.
  mutating func readOldest() throws {
    var names: [String: [ImageName]] = [:]
    if let bytes = try files.read("repositories") {
      isKnown = true
      let list = try files.decode([String: [String: String]]?.self, bytes, "repositories") ?? [:]
      for (name, tags) in list {
        for (tag, id) in tags { names[id, default: []].append(ImageName(text: "\(name):\(tag)", isReference: true)) }
      }
    }
    var tops = Set(names.keys)
    if tops.isEmpty {
      // Saved by their ids, images have no names: they are what nothing stands on.
      var parents: Set<String> = []
      for id in try files.names() {
        guard let (layer, _) = try oldLayer(id) else { continue }
        tops.insert(id)
        if let parent = layer.parent { parents.insert(parent) }
      }
      tops.subtract(parents)
    }
    guard tops.count <= 10_000 else { throw CacheError(.badArchive, "\(files.name) lists too many images") }
    for id in tops.sorted() {
      add(try oldImage(id, (names[id] ?? []).sorted { $0.text < $1.text }))
    }
  }

  private static func isID(_ name: String) -> Bool { Digest.isDigest("sha256:\(name)".utf8) }

  private func oldLayer(_ id: String) throws -> (layer: OldLayer, bytes: [UInt8])? {
    guard Self.isID(id), let bytes = try files.read("\(id)/json") else { return nil }
    return (try files.decode(OldLayer.self, bytes, "\(id)/json"), bytes)
  }

  private func oldImage(_ top: String, _ names: [ImageName]) throws -> ArchivedImage {
    var image = ArchivedImage(names: names, digests: [])
    if Self.isID(top) { image.digests = [try files.digest("sha256:\(top)")] }
    var parts: [Part] = []
    var config: [UInt8]?
    var seen: Set<String> = []
    var next: String? = top
    while let id = next {
      guard seen.insert(id).inserted, seen.count <= 1000 else {
        throw CacheError(.badArchive, "\(image.label) in \(files.name) is damaged: its layers have no lowest one")
      }
      guard let (layer, bytes) = try oldLayer(id) else {
        image.missing = "\(id.prefix(200))/json is not in it"
        return image
      }
      if config == nil {
        config = bytes
        image.platform = try files.decode(OCI.Config.self, bytes, "\(id)/json").platform()
      }
      parts.append(Part(name: "\(id)/layer.tar", mediaType: nil, digest: nil, isForeign: false, urls: []))
      next = layer.parent.flatMap { $0.isEmpty ? nil : $0 }
    }
    try fill(&image, nil, config ?? [], parts.reversed())
    return image
  }
}
