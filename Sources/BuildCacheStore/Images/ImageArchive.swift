import BuildCache
import FileTrees
import Foundation
import SystemPackage

/// A layer of an image in an archive.
struct ArchivedLayer {
  /// Where the archive has it.
  let name: String
  let mediaType: String
  /// Absent where only the bytes themselves can tell.
  let digest: Digest?
  /// Absent where only the bytes themselves can tell, which they do once they are unpacked.
  let diffID: Digest?
  let urls: [String]
  let file: ArchiveFiles.File
  /// What it is, and when it was made, where that is told.
  var description: String?
  var createdAt: Timestamp?
}

/// An image that an archive holds, or only lists.
struct ArchivedImage {
  /// What it is called, the most telling name first.
  var names: [ImageName]
  /// What it can be named by, too: its manifest, its configuration, and the indexes that lead to it.
  var digests: [Digest]
  /// Absent where nothing tells.
  var platform: OCI.Platform?
  /// Lowest first.
  var layers: [ArchivedLayer] = []
  /// The places in `layers` of what each stands on; absent: the one before it. Only build caches have it.
  var parents: [Int?]?
  /// The configuration as it is.
  var config = ""
  var annotations = ImageAnnotations()
  /// What of it is not in the archive.
  var missing: String?
  /// Why it can't be taken, though it is here.
  var fault: CacheError?
  /// What else has to be told of it.
  var note: String?

  /// Names it in messages.
  var label: String { names.first?.short ?? digests.first.map(Self.short) ?? "an image" }

  static func short(_ digest: Digest) -> String { String(digest.description.prefix(19)) }
}

/// A folder from outside that may hold images in any form: an OCI layout, or what `docker save` packs.
struct ImageArchive {
  /// All images that it holds or lists.
  private(set) var images: [ArchivedImage] = []
  /// What else is in it, in words.
  private(set) var neighbours: [String] = []
  /// The build caches of BuildKit's in it. They are taken where there is no image.
  private var caches: [ArchivedImage] = []
  let files: ArchiveFiles
  /// Whether it is an archive of images at all.
  var isKnown = false
  private var visits = 0

  /// Opens it and looks for all that is in it.
  ///
  /// - Parameter name: what it is called in messages.
  /// - Throws: ``CacheError`` `badArchive` or `badDigest` naming the file that is damaged, or not what its digest says.
  init(_ folder: FilePath, called name: String) throws {
    files = try ArchiveFiles(folder, called: name)
    try readLayout()
    try readSaved()
    if images.isEmpty { try readOldest() }
  }

  // MARK: choosing

  /// The images that are meant, of which at least one is here.
  ///
  /// - Throws: ``CacheError`` `badInput` where none or several are; `badArchive` where what is meant is not in it.
  func images(_ choice: ImageChoice, _ platform: OCI.Platform?) throws -> [ArchivedImage] {
    guard !candidates.isEmpty else { throw noImages() }
    var found = candidates
    if let typed = choice.image {
      found = Self.named(typed, in: found)
      guard !found.isEmpty else {
        throw CacheError(.badInput, "no image \(typed) in \(files.name): there is \(list(candidates.map(typeable)))")
      }
    }
    let named = found
    if let platform { found = named.filter { $0.platform?.matches(platform) == true } }
    let present = found.filter { $0.missing == nil }
    guard !present.isEmpty else { throw nonePresent(found, of: named, platform) }
    guard !choice.takesAll else { return try takeable(present) }
    let chosen = try single(of: present, platform)
    if let fault = chosen.fault { throw fault }
    return [chosen]
  }

  private var candidates: [ArchivedImage] { images.isEmpty ? caches : images }

  /// What has to be told of a choice.
  func notes(on chosen: [ArchivedImage], takesAll: Bool) -> [String] {
    let taken = Set(chosen.map(\.digests))
    var notes = neighbours.map { "passed over in \(files.name): \($0)" }
    if neighbours.count > Self.mostListed {
      notes = Array(notes.prefix(Self.mostListed)) + ["and \(neighbours.count - Self.mostListed) more such"]
    }
    if takesAll {
      notes += candidates.filter { !taken.contains($0.digests) }.compactMap { image in
        image.fault.map { "passed over: \($0.message)" }
          ?? image.missing.map { missing in
            "passed over: \(image.label)\(image.platform.map { " for \($0.text)" } ?? "") in \(files.name): \(missing)"
          }
      }
    }
    if !images.isEmpty && !caches.isEmpty {
      notes.append("passed over in \(files.name): a build cache that BuildKit exported")
    }
    notes += chosen.compactMap(\.note)
    for image in chosen where image.platform?.os == "windows" {
      notes.append(
        "\(image.label) is for Windows: its layers are kept as they are, with Files and Hives, and can't be run here")
    }
    return notes
  }

  /// Those of several that can be taken.
  private func takeable(_ present: [ArchivedImage]) throws -> [ArchivedImage] {
    let sound = present.filter { $0.fault == nil }
    if sound.isEmpty, let fault = present.first?.fault { throw fault }
    return sound
  }

  /// The only one; or that of this machine, or the one that is just of the platform that was asked for.
  private func single(of present: [ArchivedImage], _ platform: OCI.Platform?) throws -> ArchivedImage {
    if present.count == 1 { return present[0] }
    let own = present.filter { $0.platform?.matches(platform ?? .host) == true }
    if own.count == 1 { return own[0] }
    let left = own.isEmpty ? present : own
    let isOneName = Set(left.map(\.names)).count == 1
    let exact = left.filter { $0.platform == (platform ?? .host) }
    if isOneName && exact.count == 1 { return exact[0] }
    let platforms = Set(left.map { $0.platform?.text ?? "" })
    let count = "\(left.count) images" + (platform.map { " for \($0.text)" } ?? "") + " in \(files.name)"
    guard isOneName, platforms.count == left.count else {
      throw CacheError(
        .badInput, "\(count): choose one with --image (\(list(left.map(typeable)))), or take each with --all")
    }
    throw CacheError(.badInput, "\(count): name one by --platform (\(list(Array(platforms))))")
  }

  /// The images that bear a name, or have a digest that begins so.
  private static func named(_ typed: String, in images: [ArchivedImage]) -> [ArchivedImage] {
    let hash = typed.split(separator: "@", maxSplits: 1).last.map(String.init) ?? typed
    let isHash = hash.hasPrefix("sha") || hash.count >= 4 && hash.allSatisfy { $0.isASCII && $0.isHexDigit }
    let tests: [(ArchivedImage) -> Bool] = [
      { $0.names.contains { $0.text == typed } }, { $0.names.contains { $0.isSame(as: typed) } },
      { isHash && $0.digests.contains { $0.description.hasPrefix(hash) || $0.hex.hasPrefix(hash) } },
    ]
    return tests.lazy.map { images.filter($0) }.first { !$0.isEmpty } ?? []
  }

  /// What chooses an image if it is typed: its first name that no other has, else its digest.
  func typeable(_ image: ArchivedImage) -> String {
    let others = candidates.filter { $0.digests != image.digests }
    let own = image.names.first { name in !others.contains { $0.names.contains { $0.short == name.short } } }
    return own?.short ?? image.digests.first.map(ArchivedImage.short) ?? image.label
  }

  private static let mostListed = 20

  private func list(_ words: [String]) -> String {
    let words = Set(words).sorted()
    let shown = words.prefix(Self.mostListed).joined(separator: ", ")
    return words.count > Self.mostListed ? "\(shown) and \(words.count - Self.mostListed) more" : shown
  }

  private func nonePresent(_ found: [ArchivedImage], of named: [ArchivedImage], _ platform: OCI.Platform?)
    -> CacheError
  {
    let absent = found.first.flatMap(\.missing)
    guard let platform else {
      return CacheError(.badArchive, "\(found.first?.label ?? "") is not whole in \(files.name): \(absent ?? "")")
    }
    let there = named.filter { $0.missing == nil }.map { $0.platform?.text ?? "one that names none" }
    return CacheError(
      .badInput,
      "no image for \(platform.text) in \(files.name)" + (absent.map { " (it is listed, but \($0))" } ?? "")
        + (there.isEmpty ? "" : ": there is \(list(there))"))
  }

  private func noImages() -> CacheError {
    if !neighbours.isEmpty {
      return CacheError(.badArchive, "\(files.name) holds no image, only \(list(neighbours))")
    }
    if isKnown { return CacheError(.badArchive, "\(files.name) is an archive of images, and lists none") }
    return CacheError(.badArchive, "\(files.name) \(whatItHolds())")
  }

  /// What is there instead of an image, and what to do then.
  private func whatItHolds() -> String {
    let names = (try? files.names()) ?? []
    if names.isEmpty { return "is empty: there is no image in it" }
    func has(_ name: String) -> Bool { ((try? files.file(name)) ?? nil) != nil }
    if let folder = names.prefix(100).first(where: { has("\($0)/index.json") || has("\($0)/manifest.json") }) {
      return "holds an image in its folder \(folder), not at its top: give that folder, or a tar of what is in it"
    }
    if !Set(["bin", "etc", "lib", "sbin", "usr", "var"]).isDisjoint(with: names) {
      return "holds a system's files, and no image: `strata snapshot` makes a record of such a folder"
    }
    return "holds no image: no index.json (OCI), no manifest.json or repositories (docker save)"
  }

  // MARK: OCI layouts

  /// What leads to a manifest.
  private struct Step {
    let entry: OCI.Descriptor
    var names: [ImageName]
    var indexes: [Digest]
  }

  private mutating func readLayout() throws {
    guard let bytes = try files.read("index.json") else { return }
    isKnown = true
    let index = try files.decode(OCI.Document.self, bytes, "index.json")
    if index.isBuildCache {
      caches.append(try cache(of: index, [], ImageName.names(in: nil)))
      return
    }
    for entry in index.manifests ?? [] {
      var seen: Set<String> = []
      var open = [Step(entry: entry, names: ImageName.names(in: entry.annotations), indexes: [])]
      while let step = open.popLast() {
        guard seen.insert(step.entry.digest).inserted else { continue }
        visits += 1
        guard visits <= 10_000 else { throw CacheError(.badArchive, "\(files.name) lists too many images") }
        open += try look(at: step).reversed()
      }
    }
  }

  /// Takes what an entry of an index leads to.
  ///
  /// - Returns: the entries that it has itself.
  private mutating func look(at step: Step) throws -> [Step] {
    let entry = step.entry
    if entry.isAttestation { return [] }
    let digest = try files.digest(entry.digest)
    guard entry.mayBeImage else {
      pass(over: entry.mediaType, digest)
      return []
    }
    guard let bytes = try files.blob(entry) else {
      if entry.artifactType != nil {
        pass(over: entry.artifactType, digest)
      } else {
        add(
          ArchivedImage(
            names: step.names, digests: [digest] + step.indexes, platform: entry.platform,
            missing: "its manifest \(ArchiveFiles.path(of: digest)) is not in it"))
      }
      return []
    }
    let document = try files.decode(OCI.Document.self, bytes, ArchiveFiles.path(of: digest))
    if document.isBuildCache {
      caches.append(try cache(of: document, [digest] + step.indexes, step.names))
      return []
    }
    if document.isIndex {
      return (document.manifests ?? []).map {
        Step(entry: $0, names: step.names + ImageName.names(in: $0.annotations), indexes: step.indexes + [digest])
      }
    }
    if document.artefactType != nil || document.config == nil {
      pass(over: document.artefactType, digest)
    } else {
      add(try image(of: document, digest, step))
    }
    return []
  }

  private mutating func pass(over type: String?, _ digest: Digest) {
    let kind =
      switch type {
      case .none: "a manifest that names no configuration"
      case .some(let type) where type.hasPrefix("application/vnd.docker.distribution.manifest.v1"):
        "an image of Docker's first kind of manifest, which `skopeo copy --format oci` turns into one of today"
      case .some(let type): "an artefact of type \(type.prefix(100))"
      }
    let words = "\(kind) (\(ArchivedImage.short(digest)))"
    if !neighbours.contains(words) { neighbours.append(words) }
  }

  private func image(of document: OCI.Document, _ digest: Digest, _ step: Step) throws -> ArchivedImage {
    var image = ArchivedImage(names: step.names, digests: [digest], platform: step.entry.platform)
    image.annotations = ImageAnnotations(manifest: document.annotations, entry: step.entry.annotations)
    guard let descriptor = document.config else { return image }
    let configDigest = try files.digest(descriptor.digest)
    image.digests += [configDigest] + step.indexes
    guard let bytes = try files.blob(descriptor) else {
      image.missing = "its configuration \(ArchiveFiles.path(of: configDigest)) is not in it"
      return image
    }
    let config = try files.decode(OCI.Config.self, bytes, ArchiveFiles.path(of: configDigest))
    image.platform = image.platform ?? config.platform()
    let parts = try (document.layers ?? []).map { try Part($0, files.digest($0.digest)) }
    try fill(&image, config.diffIDs, bytes, parts)
    return image
  }

  /// A layer as a manifest of any form has it.
  struct Part {
    let name: String
    /// Absent where only the bytes tell.
    let mediaType: String?
    let digest: Digest?
    let isForeign: Bool
    let urls: [String]

    init(name: String, mediaType: String?, digest: Digest?, isForeign: Bool, urls: [String]) {
      (self.name, self.mediaType, self.digest, self.isForeign, self.urls) = (name, mediaType, digest, isForeign, urls)
    }

    init(_ descriptor: OCI.Descriptor, _ digest: Digest) {
      self.init(
        name: ArchiveFiles.path(of: digest), mediaType: descriptor.mediaType, digest: digest,
        isForeign: descriptor.isForeign, urls: descriptor.urls ?? [])
    }
  }

  /// Fills in what an image is made of, or why it can't be.
  ///
  /// - Parameter diffIDs: absent where its configuration doesn't have them.
  func fill(_ image: inout ArchivedImage, _ diffIDs: [String]?, _ config: [UInt8], _ parts: [Part]) throws {
    image.config = String(decoding: config, as: UTF8.self)
    let label = "\(image.label) in \(files.name)"
    if let diffIDs, diffIDs.count != parts.count {
      image.fault = CacheError(
        .badArchive, "\(label) is damaged: its configuration has \(diffIDs.count) diff ids for \(parts.count) layers")
      return
    }
    guard !parts.isEmpty else {
      image.fault = CacheError(.badArchive, "\(label) has no layers: there is nothing in it to make records of")
      return
    }
    for (number, part) in parts.enumerated() {
      let diffID = try diffIDs.map { try files.digest($0[number]) }
      guard let file = try files.file(part.name) else {
        let place = part.urls.first.map { " (\($0.prefix(200)))" } ?? ""
        image.missing =
          part.isForeign
          ? "layer \(part.name) is not in it: its maker lets it be had from elsewhere only\(place)"
          : "layer \(part.name) is not in it"
        return
      }
      if part.mediaType?.hasSuffix("+encrypted") == true {
        image.fault = CacheError(.badArchive, "layer \(part.name) of \(label) is encrypted: decrypt the image first")
      }
      image.layers.append(try layer(part, diffID, file))
    }
  }

  func layer(_ part: Part, _ diffID: Digest?, _ file: ArchiveFiles.File) throws -> ArchivedLayer {
    let compression = try Compression(of: file.path)
    return ArchivedLayer(
      name: part.name, mediaType: part.mediaType ?? OCI.layerType + compression.suffix,
      // Packed as they are, layers have the digest that their content has.
      digest: part.digest ?? (compression == .none ? diffID : nil), diffID: diffID, urls: part.urls, file: file)
  }

  /// Adds an image, unless it is known already: then what is new of it.
  mutating func add(_ image: ArchivedImage) {
    // The first digest is the manifest's, or where there is none, the configuration's.
    let known = images.firstIndex {
      $0.digests.first == image.digests.first || image.digests.first.map($0.digests.contains) == true
    }
    guard let known, !image.digests.isEmpty else { return images.append(image) }
    let old = images[known]
    if old.missing != nil && image.missing == nil { images[known] = image }
    images[known].names = old.names + image.names.filter { !old.names.contains($0) }
    images[known].digests = old.digests + image.digests.filter { !old.digests.contains($0) }
    images[known].platform = old.platform ?? image.platform
  }
}
