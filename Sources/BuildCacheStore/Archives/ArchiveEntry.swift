import BuildCache
import Glibc
import SystemPackage

/// A member of a layer archive.
struct ArchiveEntry: Sendable {
  enum Kind: Equatable {
    case file
    case folder
    case device(mode_t, dev_t)
    case pipe
    /// What it points at is kept byte by byte.
    case link(to: [UInt8])
    /// Another name of what an earlier member, or a lower layer, has under this name.
    case hardLink(to: FilePath)
  }

  /// Its name, for messages.
  let name: String
  /// Its path in the tree; empty for the tree's own folder.
  let path: FilePath
  let kind: Kind
  /// Mode, owner, time and attributes.
  let look: Look
  /// What it does to the tree.
  let role: Role
  /// The folder that it is in, and its name in there; none for the tree's own folder.
  let above: FilePath
  let last: FilePath.Component?
  /// The name that its content has until it is brought to its place: its number in the archive.
  let stageName: FilePath.Component

  enum Role: Equatable {
    /// It comes to its place.
    case content
    /// It removes what lower layers have, being a whiteout or an opaque marker; it is nothing else.
    case removal(LayerRemoval)
    /// Nothing: only aufs, an old union file system, reads it.
    case none
  }

  /// Takes a member.
  ///
  /// - Throws: ``CacheError`` `badArchive` naming the member where its name can't be taken, or is that of a whiteout of
  ///   nothing or of `..`.
  init(_ name: [UInt8], _ kind: Kind, _ look: Look, number: Int) throws {
    self.name = String(decoding: name, as: UTF8.self)
    path = try Self.path(name, of: self.name)
    last = path.lastComponent
    above = path.removingLastComponent()
    role = try Self.role(last, in: above, of: self.name)
    guard last != nil || kind == .folder else {
      throw CacheError(
        .badArchive,
        self.name.isEmpty
          ? "an entry that is no folder has no name" : "entry \(self.name) is in the place of the tree, and no folder")
    }
    self.kind = kind
    self.look = look
    stageName = FilePath.Component("\(number)") ?? "0"
  }

  /// A name as a path inside the tree: leading slashes and `.` go, `..` takes back what is before it in the name, and is
  /// refused where nothing is.
  static func path(_ name: [UInt8], of entry: String) throws -> FilePath {
    guard name.count < PATH_MAX, !name.contains(0) else {
      throw CacheError(.badArchive, "entry \(entry.prefix(60))… has a name that no file can have")
    }
    var path = FilePath()
    for part in name.split(separator: UInt8(ascii: "/")) {
      guard part.count <= NAME_MAX else {
        throw CacheError(.badArchive, "entry \(entry.prefix(60))… has a name that no file can have")
      }
      guard let component = FilePath.Component(platformString: part.map { CChar(bitPattern: $0) } + [0]) else {
        continue
      }
      switch component.kind {
      case .regular: path.append(component)
      case .currentDirectory: break
      case .parentDirectory:
        guard path.removeLastComponent() else {
          throw CacheError(.badArchive, "entry \(entry) leaves the tree by its ..")
        }
      }
    }
    return path
  }

  private static func role(_ last: FilePath.Component?, in above: FilePath, of entry: String) throws -> Role {
    guard let last, last.string.hasPrefix(whiteout) else { return .content }
    if last.string == opaque { return .removal(LayerRemoval(above, isOpaque: true)) }
    // The rest of the name, byte by byte: it may not be UTF-8.
    let rest = last.withPlatformString { FilePath.Component(platformString: $0 + whiteout.utf8.count) }
    guard let rest, rest.kind == .regular else {
      throw CacheError(.badArchive, "entry \(entry) is a whiteout of nothing")
    }
    return last.string.hasPrefix(aufs) ? .none : .removal(LayerRemoval(above.appending(rest)))
  }

  static let whiteout = ".wh."
  /// What the names begin with that aufs keeps in the top folder of a layer, for itself.
  static let aufs = ".wh..wh."
  static let opaque = ".wh..wh..opq"
}
