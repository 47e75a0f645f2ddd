import BuildCache
import Foundation

/// The documents of the OCI image format, as far as layers need them; Docker's own differ in names of media types only.
///
/// Lists may be absent or `null`, as programs in Go write empty ones.
enum OCI {
  /// A descriptor, as documents have it.
  struct Descriptor: Codable {
    var mediaType: String?
    var digest: String
    var size: Int64
    var urls: [String]?
    var annotations: [String: String]?
    var platform: Platform?
    var artifactType: String?
  }

  /// What an image runs on.
  struct Platform: Codable, Equatable {
    var os: String
    var architecture: String
    var variant: String?

    var text: String { [os, architecture, variant].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: "/") }

    /// Whether it is what was asked for; a variant counts only where one was asked for.
    func matches(_ wanted: Platform) -> Bool {
      os == wanted.os && architecture == wanted.architecture && (wanted.variant == nil || wanted.variant == variant)
    }
  }

  /// `index.json`, or an index in it; and a manifest: they differ in what they have.
  struct Document: Codable {
    var schemaVersion: Int? = 2
    var mediaType: String?
    var artifactType: String?
    var manifests: [Descriptor]?
    var config: Descriptor?
    var layers: [Descriptor]?
    var annotations: [String: String]?
  }

  /// What of an image's configuration is needed.
  struct Config: Codable {
    struct RootFS: Codable {
      var type: String?
      var diffIDs: [String]?

      enum CodingKeys: String, CodingKey {
        case type
        case diffIDs = "diff_ids"
      }
    }
    var os: String?
    var architecture: String?
    var variant: String?
    var rootfs: RootFS?

    var diffIDs: [String] { rootfs?.diffIDs ?? [] }

    /// What the image runs on; `architecture` where it doesn't say.
    func platform(else architecture: String = "") -> Platform {
      Platform(os: os ?? "linux", architecture: self.architecture ?? architecture, variant: variant)
    }
  }

  /// An entry of `manifest.json`, as `docker save` writes it.
  struct SavedImage: Codable {
    var config: String
    var repoTags: [String]?
    var layers: [String]?
    /// Layers that may be elsewhere, by diff id.
    var layerSources: [String: Descriptor]?

    enum CodingKeys: String, CodingKey {
      case config = "Config"
      case repoTags = "RepoTags"
      case layers = "Layers"
      case layerSources = "LayerSources"
    }
  }

  static let indexType = "application/vnd.oci.image.index.v1+json"
  static let manifestType = "application/vnd.oci.image.manifest.v1+json"
  static let configType = "application/vnd.oci.image.config.v1+json"
  static let layerType = "application/vnd.oci.image.layer.v1.tar"
  static let foreignLayerType = "application/vnd.oci.image.layer.nondistributable.v1.tar"
  /// The annotation that names an image in a layout's index.
  static let refName = "org.opencontainers.image.ref.name"
  /// Docker's and containerd's, which has the whole name.
  static let containerdName = "io.containerd.image.name"
  /// The annotation of what is said about an image, an attestation for instance.
  static let referenceType = "vnd.docker.reference.type"
  /// What BuildKit keeps the records of an exported cache in.
  static let cacheConfigType = "application/vnd.buildkit.cacheconfig.v0"
}

extension OCI {
  /// A configuration as it was before there were diff ids, made one of today.
  static func config(_ old: String, of diffIDs: [Digest]) throws -> String {
    guard var config = try JSONSerialization.jsonObject(with: Data(old.utf8)) as? [String: Any] else { return old }
    for key in ["id", "parent", "parent_id", "layer_id", "Size", "throwaway"] { config[key] = nil }
    config["rootfs"] = ["type": "layers", "diff_ids": diffIDs.map(\.description)]
    if config["os"] == nil { config["os"] = "linux" }
    let bytes = try JSONSerialization.data(withJSONObject: config, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension OCI.Descriptor {
  /// Whether it says something of an image, and is none itself: builders put that beside images, as for no platform.
  var isAttestation: Bool { annotations?[OCI.referenceType] != nil || platform?.os == "unknown" }

  /// Whether it may lead to an image; where it doesn't say, the document itself tells.
  var mayBeImage: Bool {
    guard let mediaType, !mediaType.isEmpty else { return true }
    return OCI.Document.manifestTypes.contains(mediaType) || OCI.Document.indexTypes.contains(mediaType)
  }

  /// Whether it is that of a layer of files.
  var isLayer: Bool {
    guard let mediaType, !mediaType.isEmpty else { return true }
    return [
      "application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.",
      "application/vnd.docker.container.image.rootfs.",
    ].contains { mediaType.hasPrefix($0) }
  }

  /// Whether it may be left out of an archive, as its license wants it.
  var isForeign: Bool {
    urls?.isEmpty == false || mediaType?.contains(".foreign.") == true
      || mediaType?.contains(".nondistributable.") == true
  }
}

extension OCI.Document {
  static let indexTypes: Set = [OCI.indexType, "application/vnd.docker.distribution.manifest.list.v2+json"]
  static let manifestTypes: Set = [OCI.manifestType, "application/vnd.docker.distribution.manifest.v2+json"]
  private static let configTypes: Set = [OCI.configType, "application/vnd.docker.container.image.v1+json", ""]

  var isIndex: Bool { manifests != nil || mediaType.map(Self.indexTypes.contains) == true }

  /// Whether it is a build cache of BuildKit's: its records are a blob beside its layers, in an index or a manifest.
  var isBuildCache: Bool {
    config?.mediaType == OCI.cacheConfigType
      || manifests?.contains { $0.mediaType == OCI.cacheConfigType } == true
  }

  /// Of what type it is, where it is a manifest of something else than an image: what it says, else by its parts.
  var artefactType: String? {
    guard let config else { return artifactType ?? mediaType.flatMap { Self.manifestTypes.contains($0) ? nil : $0 } }
    if !Self.configTypes.contains(config.mediaType ?? "") { return artifactType ?? config.mediaType }
    return layers?.first { !$0.isLayer }?.mediaType
  }
}

extension OCI.Platform {
  /// Reads `OS/ARCH[/VARIANT]`.
  ///
  /// - Throws: ``CacheError`` `badInput`.
  init(parsing text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (2...3).contains(parts.count), !parts.contains("") else {
      throw CacheError(.badInput, "\(text) is no platform: write for instance linux/arm64 or linux/arm/v7")
    }
    self.init(os: parts[0], architecture: parts[1], variant: parts.count > 2 ? parts[2] : nil)
  }

  /// What this machine is.
  static var host: OCI.Platform {
    #if arch(arm64)
      OCI.Platform(os: "linux", architecture: "arm64")
    #else
      OCI.Platform(os: "linux", architecture: "amd64")
    #endif
  }
}
