import BuildCache
import FileTrees
import SystemPackage

/// Where images come from.
public enum ImageSource: Sendable {
  /// An OCI image layout, as a folder or a tar, or what `docker save` wrote.
  case path(FilePath)
  /// A tar that is read from an open descriptor to its end, called so in messages; it stays open.
  case stream(FileDescriptor, name: String)

  /// What it is called in messages.
  var name: String {
    switch self {
    case .path(let path): path.string
    case .stream(_, let name): name
    }
  }

  /// The last part of its name.
  var shortName: String {
    if case .path(let path) = self, let last = path.lastComponent { return last.string }
    return name
  }

  /// The tar that it is, and how many bytes it has where that is known; nothing where it is a folder.
  func archive(_ progress: @escaping @Sendable (Int64, Int64?) -> Void) throws -> ArchiveInput? {
    switch self {
    case .stream(let descriptor, let name): return ArchiveInput(descriptor, called: name) { progress($0, nil) }
    case .path(let path):
      let status = try FileStatus(following: path)
      if status.isDirectory { return nil }
      if let name = path.lastComponent?.string, ["index.json", "manifest.json", "oci-layout"].contains(name) {
        throw CacheError(.badInput, "\(path) is one file of an image: give the folder that it is in")
      }
      return try ArchiveInput(path) { progress($0, status.length) }
    }
  }
}

/// Which images of an archive are meant.
public struct ImageChoice: Sendable {
  /// The name of one, as the archive has it or as Docker shortens it, or the beginning of its digest.
  public var image: String?
  /// `OS/ARCH[/VARIANT]`; absent: the only one that is there, or this machine's.
  public var platform: String?
  /// Whether each that matches is taken, not one.
  public var takesAll: Bool

  /// Makes a choice; without any the only image is meant, or the only one for this machine.
  public init(image: String? = nil, platform: String? = nil, takesAll: Bool = false) {
    (self.image, self.platform, self.takesAll) = (image, platform, takesAll)
  }
}

/// What the records of an image are said to belong to, and its top one can be tagged with.
public enum ImageNaming: Sendable, Equatable {
  /// Nothing.
  case none
  /// A name of the caller's.
  case given(String)
  /// The name that the image bears in its archive, without what Docker leaves out.
  case own
}

/// An image that was imported.
public struct ImportedImage: Sendable, Equatable {
  /// Its records' ids, lowest layer first.
  public let records: [RecordID]
  /// What chooses it in its archive.
  public let label: String
  /// The name that its records are said to belong to.
  public let name: String?
}
