import BuildCache
import FileTrees
import Foundation
import SystemPackage

/// A folder from outside that holds an image: an OCI layout, or what `docker save` packs.
///
/// It is hostile: names lead nowhere outside of it, and what is read is a regular file of a size that was to be
/// expected.
struct ImageFolder {
  /// A layer of an image: the blob, and the file that has it.
  struct Layer {
    let mediaType: String
    /// Absent where only the bytes themselves can tell.
    let digest: Digest?
    let diffID: Digest
    let urls: [String]
    let file: FilePath
    let size: Int64
  }

  /// An image's layers, lowest first, and its configuration.
  struct Image {
    let layers: [Layer]
    let config: String
  }

  private let interior: TreeInterior
  private let folder: FilePath

  /// Opens it.
  ///
  /// - Throws: ``CacheError`` `storage` naming it.
  init(_ folder: FilePath) throws {
    self.folder = folder
    interior = try TreeInterior(top: folder)
  }

  /// Finds the one image that is meant.
  ///
  /// - Throws: ``CacheError`` `badArchive` naming the file that is missing, damaged, or not what its digest says;
  ///   `badInput` where several images, or none, match the platform.
  func image(_ platform: OCI.Platform?) throws -> Image {
    if try file("index.json") != nil { return try layoutImage(platform) }
    if try file("manifest.json") != nil { return try savedImage(platform) }
    throw CacheError(.badArchive, "\(folder) holds no image: neither index.json (OCI) nor manifest.json (docker save)")
  }

  // MARK: OCI layouts

  private func layoutImage(_ platform: OCI.Platform?) throws -> Image {
    var found: [(platform: OCI.Platform?, document: OCI.Document)] = []
    var seen: Set<String> = []
    var open = [try document("index.json", try read("index.json", limit: Self.documentLimit))]
    while let index = open.popLast() {
      for descriptor in index.manifests ?? [] where seen.insert(descriptor.digest).inserted {
        guard seen.count <= 10_000 else { throw CacheError(.badArchive, "\(folder) lists too many images") }
        let document = try document(descriptor.digest, try blob(descriptor, limit: Self.documentLimit))
        if document.manifests != nil { open.append(document) } else { found.append((descriptor.platform, document)) }
      }
    }
    // Builders put attestations beside the images they are about, as images for no platform.
    found.removeAll { $0.platform?.os == "unknown" }
    let choices = try found.map { choice -> (OCI.Platform, OCI.Document) in
      (try choice.platform ?? config(of: choice.document).0.platform(), choice.document)
    }
    return try image(of: Self.choose(choices, platform, in: folder))
  }

  /// The choice that is meant: the only one, that of the platform asked for, or this machine's.
  private static func choose<T>(_ choices: [(OCI.Platform, T)], _ wanted: OCI.Platform?, in folder: FilePath) throws
    -> T
  {
    let names = choices.map(\.0.text).sorted().joined(separator: ", ")
    if let wanted {
      let matching = choices.filter { $0.0.matches(wanted) }
      guard let first = matching.first else {
        throw CacheError(.badInput, "no image for \(wanted.text) in \(folder): there are \(names)")
      }
      guard matching.count == 1 else {
        throw CacheError(.badInput, "\(matching.count) images for \(wanted.text) in \(folder): give the variant too")
      }
      return first.1
    }
    if choices.count == 1 { return choices[0].1 }
    guard let own = choices.first(where: { $0.0.matches(.host) }), choices.filter({ $0.0.matches(.host) }).count == 1
    else { throw CacheError(.badInput, "\(choices.count) images in \(folder): name one by --platform (\(names))") }
    return own.1
  }

  private func config(of document: OCI.Document) throws -> (OCI.Config, String) {
    guard let descriptor = document.config else { throw CacheError(.badArchive, "a manifest names no configuration") }
    let bytes = try blob(descriptor, limit: Self.documentLimit)
    return (try decode(OCI.Config.self, bytes, descriptor.digest), String(decoding: bytes, as: UTF8.self))
  }

  private func image(of document: OCI.Document) throws -> Image {
    let (config, text) = try config(of: document)
    let descriptors = document.layers ?? []
    let diffIDs = try diffIDs(of: config, count: descriptors.count)
    let layers = try zip(descriptors, diffIDs).map { descriptor, diffID in
      let digest = try Digest(parsing: descriptor.digest)
      let path = Self.path(of: digest)
      guard let file = try file(path) else {
        throw CacheError(.badArchive, "layer \(descriptor.digest) is not in \(folder)")
      }
      return Layer(
        mediaType: descriptor.mediaType ?? OCI.layerType, digest: digest, diffID: diffID, urls: descriptor.urls ?? [],
        file: file.folder.path.appending(file.name), size: file.size)
    }
    return Image(layers: layers, config: text)
  }

  private func diffIDs(of config: OCI.Config, count: Int) throws -> [Digest] {
    let ids = try config.rootfs.diffIDs.map { try Digest(parsing: $0) }
    guard ids.count == count else {
      throw CacheError(.badArchive, "\(folder): the configuration has \(ids.count) diff ids for \(count) layers")
    }
    return ids
  }

  // MARK: docker save

  private func savedImage(_ platform: OCI.Platform?) throws -> Image {
    let images = try decode(
      [OCI.SavedImage].self, try read("manifest.json", limit: Self.documentLimit), "manifest.json")
    let choices = try images.map { image -> (OCI.Platform, (OCI.SavedImage, OCI.Config, String)) in
      let bytes = try read(image.config, limit: Self.documentLimit)
      let config = try decode(OCI.Config.self, bytes, image.config)
      return (config.platform(), (image, config, String(decoding: bytes, as: UTF8.self)))
    }
    let (image, config, text) = try Self.choose(choices, platform, in: folder)
    let diffIDs = try diffIDs(of: config, count: image.layers.count)
    let layers = try zip(image.layers, diffIDs).map { name, diffID in
      guard let file = try file(name) else { throw CacheError(.badArchive, "layer \(name) is not in \(folder)") }
      // Packed as they are, layers have the digest that their content has.
      let isPlain = if case .none = try Compression(of: file.folder.path.appending(file.name)) { true } else { false }
      return Layer(
        mediaType: OCI.layerType + (isPlain ? "" : "+gzip"), digest: isPlain ? diffID : nil, diffID: diffID, urls: [],
        file: file.folder.path.appending(file.name), size: file.size)
    }
    return Image(layers: layers, config: text)
  }

  // MARK: files

  private static let documentLimit: Int64 = 16 << 20

  static func path(of digest: Digest) -> String { "blobs/\(digest.algorithm)/\(digest.hex)" }

  /// A regular file inside the folder, links to it followed as far as they stay inside.
  private func file(_ name: String) throws -> (folder: Folder, name: FilePath.Component, size: Int64)? {
    var path = FilePath(name).lexicallyNormalized()
    for _ in 0..<40 {
      guard let last = path.lastComponent,
        let above = try interior.folder(at: path.removingLastComponent().components.relative, for: name)
      else { return nil }
      guard let status = try above.status(of: last) else { return nil }
      if status.isRegular { return (above, last, status.length) }
      guard status.isLink else { throw CacheError(.badArchive, "\(name) in \(folder) is no file") }
      let target = FilePath(platformString: try above.linkText(of: last))
      path = target.isAbsolute ? target : path.removingLastComponent().pushing(target).lexicallyNormalized()
    }
    throw CacheError(.badArchive, "\(name) in \(folder) goes through links without end")
  }

  private func read(_ name: String, limit: Int64) throws -> [UInt8] {
    guard let file = try file(name) else { throw CacheError(.badArchive, "\(name) is not in \(folder)") }
    guard file.size <= limit else { throw CacheError(.badArchive, "\(name) in \(folder) is too large to be true") }
    let descriptor = try file.folder.openFile(file.name)
    return try descriptor.closeAfter { try readAll(descriptor) }
  }

  /// A document by its descriptor, whose digest it has.
  private func blob(_ descriptor: OCI.Descriptor, limit: Int64) throws -> [UInt8] {
    let digest = try Digest(parsing: descriptor.digest)
    let bytes = try read(Self.path(of: digest), limit: limit)
    guard Digest(of: bytes) == digest else {
      throw CacheError(.badDigest, "\(Self.path(of: digest)) in \(folder) has the bytes of \(Digest(of: bytes))")
    }
    return bytes
  }

  private func document(_ name: String, _ bytes: [UInt8]) throws -> OCI.Document {
    try decode(OCI.Document.self, bytes, name)
  }

  private func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], _ name: String) throws -> T {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
      throw CacheError(.badArchive, "\(name) in \(folder) is not what it should be", cause: "\(error)")
    }
  }
}

extension FilePath.ComponentView {
  /// The same components as a relative path.
  fileprivate var relative: FilePath { FilePath(root: nil, self) }
}
