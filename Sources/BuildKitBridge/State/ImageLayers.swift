import BuildCache
import Foundation
import SystemPackage

/// The layers of the images in containerd's store, by which BuildKit tells what an image shares: a record whose digest
/// chain is the whole list of a manifest's layers.
struct ImageLayers {
  /// Lists of layers, joined: layers without a blob leave no trace in them.
  private var lists: Set<String> = []
  /// How many layers an image has at most.
  private(set) var longest = 0
  private(set) var notes: [String] = []

  /// No file system mounts more.
  private static let mostLayers = 1000

  /// No images.
  init() {}

  /// Finds the layers of all images.
  ///
  /// A manifest is read from the content store; where it isn't there, as in a copy of the databases alone, its labels
  /// name what it lists.
  ///
  /// - Parameter content: the content store's folder.
  init(_ contents: ContainerdDatabase.Contents, content: FilePath) {
    var walk = ManifestWalk(contents: contents, folder: content.appending("blobs"))
    for image in contents.images {
      // BuildKit ends its look at the images where it comes by something that it doesn't know.
      guard walk.visit(image.digest, mediaType: image.mediaType, depth: 0) else { break }
    }
    for layers in walk.lists where !layers.isEmpty && layers.count <= Self.mostLayers {
      lists.insert(layers.joined())
      longest = max(longest, layers.count)
    }
    if walk.missing > 0 {
      notes.append(
        "\(walk.missing) manifests of images aren't here: which records images share isn't known for them")
    }
  }

  /// Whether an image has just these layers.
  func contains(_ chain: () -> [Digest?]) -> Bool {
    guard !lists.isEmpty else { return false }
    return lists.contains(chain().compactMap { $0?.description }.joined())
  }
}

/// Goes from images to the layers of their manifests.
private struct ManifestWalk {
  let contents: ContainerdDatabase.Contents
  let folder: FilePath
  var lists: [[String]] = []
  var missing = 0
  /// What was come by: an index that names itself leads nowhere.
  private var seen: Set<String> = []

  init(contents: ContainerdDatabase.Contents, folder: FilePath) {
    self.contents = contents
    self.folder = folder
  }

  private struct Descriptor: Decodable {
    let mediaType: String?
    let digest: String
  }

  private struct Document: Decodable {
    let layers: [Descriptor]?
    let manifests: [Descriptor]?
  }

  private static let indexes: Set<String> = [
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
  ]
  private static let manifests: Set<String> = [
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
  ]
  private static let deepest = 8

  /// Takes what a digest leads to; false where that is of no known kind.
  mutating func visit(_ digest: String, mediaType: String, depth: Int) -> Bool {
    let isIndex = Self.indexes.contains(mediaType)
    guard isIndex || Self.manifests.contains(mediaType) else { return false }
    guard depth < Self.deepest, seen.insert(digest).inserted else { return true }
    guard let blob = contents.blobs[digest] else { return true }
    if let document = document(digest, blob) {
      if !isIndex {
        lists.append((document.layers ?? []).map(\.digest))
        return true
      }
      for manifest in document.manifests ?? [] {
        guard visit(manifest.digest, mediaType: manifest.mediaType ?? "", depth: depth + 1) else { return false }
      }
      return true
    }
    // containerd's labels name the kind; BuildKit's, of a manifest that it made, its configuration and then its layers.
    if isIndex {
      for manifest in listed(blob, after: "m.") ?? listed(blob) ?? [] {
        _ = visit(manifest, mediaType: Self.manifests.first ?? "", depth: depth + 1)
      }
    } else if let layers = listed(blob, after: "l.") ?? listed(blob)?.dropFirst().map(\.self) {
      lists.append(layers)
    } else {
      missing += 1
    }
    return true
  }

  /// What labels with numbers name, in their order.
  private func listed(_ blob: ContainerdDatabase.Blob, after prefix: String = "") -> [String]? {
    let named = blob.references.compactMap { reference -> (Int, String)? in
      guard reference.label.hasPrefix(prefix), let place = Int(reference.label.dropFirst(prefix.count)) else {
        return nil
      }
      return (place, reference.digest)
    }
    return named.isEmpty ? nil : named.sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func document(_ digest: String, _ blob: ContainerdDatabase.Blob) -> Document? {
    guard blob.size <= 4 << 20, let name = try? Digest(parsing: digest),
      let bytes = try? readFile(folder.appending(name.algorithm).appending(name.hex).string, limit: 4 << 20)
    else { return nil }
    return try? JSONDecoder().decode(Document.self, from: Data(bytes))
  }
}
