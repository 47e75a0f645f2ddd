import BuildCache
import Glibc
import SystemPackage

extension TreeFile {
  /// What a tree holds at a path, as it stands.
  ///
  /// - Parameters:
  ///   - tree: the tree's folder.
  ///   - id: the record that it belongs to, for messages.
  ///   - path: a folder or file in the tree; links on the way are followed inside the tree.
  ///   - asLayer: whether the tree is what overlayfs keeps of one: its whiteouts are told.
  /// - Throws: ``CacheError`` `notFound` where there is no such path, `storage`.
  /// - Complexity: a walk of all beneath the path.
  package static func list(in tree: FilePath, of id: RecordID, at path: FilePath, asLayer: Bool = false) throws
    -> [TreeFile]
  {
    let interior = try TreeInterior(top: tree)
    let missing = CacheError(.notFound, "record \(id) has no \(path)")
    let relative = FilePath(root: nil, path.components)
    guard let last = relative.lastComponent else { return try list(interior.top, asLayer) }
    if let folder = try interior.folder(at: relative, for: "\(path)") { return try list(folder, asLayer) }
    guard let above = try interior.folder(at: relative.removingLastComponent(), for: "\(path)"),
      let status = try above.status(of: last)
    else { throw missing }
    return [try TreeFile(last, status, in: above, asLayer)]
  }

  private static func list(_ folder: Folder, _ asLayer: Bool) throws -> [TreeFile] {
    try folder.names().compactMap { name in
      try Task.checkCancellation()
      return try folder.status(of: name).map { try TreeFile(name, $0, in: folder, asLayer) }
    }.sorted { ($1.bytes, $0.name.string) < ($0.bytes, $1.name.string) }
  }

  private init(_ name: FilePath.Component, _ status: FileStatus, in folder: Folder, _ asLayer: Bool) throws {
    let target = status.isLink ? FilePath(platformString: try folder.linkText(of: name)).string : nil
    guard status.isDirectory else {
      self.init(name: name, isFolder: false, bytes: status.bytes, target: target)
      if asLayer, status.isDevice, status.raw.st_rdev == 0 { hides = .name }
      return
    }
    var bytes: Int64 = 0
    var counted: Set<FileIdentity> = []
    guard let inner = try folder.openFolder(name) else { throw folder.error("can't read", name, ENOTDIR) }
    try TreeComparison(lower: nil, upper: inner, care: .status).walk { step in
      switch step {
      case .entry(_, let status, _):
        if !status.hasOtherNames || counted.insert(status.identity).inserted { bytes += status.bytes }
      case .enter(_, let status, _): bytes += status.bytes
      default: break
      }
    }
    self.init(name: name, isFolder: true, bytes: bytes)
    if asLayer, try ExtendedAttributes(of: name, in: folder).isOpaque { hides = .content }
  }
}
