import BuildCache

/// The documents of the OCI image format, as far as layers need them; Docker's own differ in names of media types only.
enum OCI {
  /// A descriptor, as documents have it.
  struct Descriptor: Codable {
    var mediaType: String?
    var digest: String
    var size: Int64
    var urls: [String]?
    var annotations: [String: String]?
    var platform: Platform?
  }

  /// What an image runs on.
  struct Platform: Codable, Equatable {
    var os: String
    var architecture: String
    var variant: String?

    var text: String { [os, architecture, variant].compactMap(\.self).joined(separator: "/") }

    /// Whether it is what was asked for; a variant counts only where one was asked for.
    func matches(_ wanted: Platform) -> Bool {
      os == wanted.os && architecture == wanted.architecture && (wanted.variant == nil || wanted.variant == variant)
    }
  }

  /// `index.json`, or an index in it; and a manifest: they differ in what they have.
  struct Document: Codable {
    var schemaVersion = 2
    var mediaType: String?
    var manifests: [Descriptor]?
    var config: Descriptor?
    var layers: [Descriptor]?
  }

  /// What of an image's configuration is needed.
  struct Config: Codable {
    struct RootFS: Codable {
      var type: String
      var diffIDs: [String]

      enum CodingKeys: String, CodingKey {
        case type
        case diffIDs = "diff_ids"
      }
    }
    var os: String?
    var architecture: String?
    var variant: String?
    var rootfs: RootFS

    /// What the image runs on; `architecture` where it doesn't say.
    func platform(else architecture: String = "") -> Platform {
      Platform(os: os ?? "linux", architecture: self.architecture ?? architecture, variant: variant)
    }
  }

  /// An entry of `manifest.json`, as `docker save` writes it.
  struct SavedImage: Codable {
    var config: String
    var repoTags: [String]?
    var layers: [String]

    enum CodingKeys: String, CodingKey {
      case config = "Config"
      case repoTags = "RepoTags"
      case layers = "Layers"
    }
  }

  static let indexType = "application/vnd.oci.image.index.v1+json"
  static let manifestType = "application/vnd.oci.image.manifest.v1+json"
  static let configType = "application/vnd.oci.image.config.v1+json"
  static let layerType = "application/vnd.oci.image.layer.v1.tar"
  /// The annotation that names an image in a layout's index.
  static let refName = "org.opencontainers.image.ref.name"
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
