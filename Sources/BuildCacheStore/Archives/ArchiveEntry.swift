import BuildCache
import SystemPackage

/// A member of a layer archive, as tar lists it.
struct ArchiveEntry {
  enum Kind: Equatable {
    case file
    case folder
    case device
    case pipe
    case link(to: FilePath)
    /// Another name of what an earlier member, or a lower layer, has under this name.
    case hardLink(to: FilePath)
  }

  /// Its name, byte by byte as the archive has it.
  let storedName: [UInt8]
  /// The same for messages.
  var name: String { String(decoding: storedName, as: UTF8.self) }
  /// Its path in the tree; empty for the tree's own folder.
  let path: FilePath
  let kind: Kind
  /// Owner and group, for what tar does not make.
  let owner: (user: UInt32, group: UInt32)
  /// When it was last changed.
  let modified: Timestamp

  /// Reads a line of `tar -vv --quoting-style=c --full-time --numeric-owner`: type and mode, owner, size, date, time,
  /// and the quoted name, followed by ` -> ` or ` link to ` and another.
  ///
  /// - Throws: ``CacheError`` `badArchive` naming the member where it is of a kind, or has a name, that can't be taken.
  init(_ line: Substring) throws {
    let fields = line.prefix { $0 != "\"" }.split(separator: " ")
    var names = line.drop { $0 != "\"" }
    guard fields.count >= 5, let type = fields[0].first, let name = Self.unquote(&names),
      let modified = try? Timestamp(parsing: "\(fields[3])T\(fields[4])Z")
    else { throw CacheError(.badArchive, "can't read what tar lists: \(line)") }
    storedName = name
    path = try Self.path(name, of: String(decoding: name, as: UTF8.self))
    self.modified = modified
    let ids = fields[1].split(separator: "/").map { UInt32($0) ?? 0 }
    owner = (ids.first ?? 0, ids.last ?? 0)
    switch type {
    case "-", "C": kind = .file
    case "d": kind = .folder
    case "b", "c": kind = .device
    case "p": kind = .pipe
    case "l" where names.hasPrefix(" -> "):
      names = names.dropFirst(4)
      kind = .link(to: FilePath(bytes: Self.unquote(&names) ?? []))
    case "h" where names.hasPrefix(" link to "):
      names = names.dropFirst(9)
      kind = .hardLink(to: try Self.path(Self.unquote(&names) ?? [], of: String(decoding: name, as: UTF8.self)))
    default:
      let text = String(decoding: name, as: UTF8.self)
      throw CacheError(.badArchive, "entry \(text) is of a kind that no layer has (\(type))")
    }
  }

  /// Whether it is a link of either kind.
  var isLink: Bool {
    switch kind {
    case .link, .hardLink: true
    case .file, .folder, .device, .pipe: false
    }
  }

  /// What is between the quotes, escapes undone.
  private static func unquote(_ text: inout Substring) -> [UInt8]? {
    guard text.first == "\"" else { return nil }
    let escapes: [Character: UInt8] = [
      "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "\"": 34, "?": 63,
    ]
    var bytes: [UInt8] = []
    var rest = text.dropFirst()
    while let next = rest.popFirst() {
      if next == "\"" {
        text = rest
        return bytes
      }
      guard next == "\\" else {
        bytes += Array(next.utf8)
        continue
      }
      if let byte = UInt8(rest.prefix(3), radix: 8), rest.prefix(3).count == 3 {
        bytes.append(byte)
        rest = rest.dropFirst(3)
      } else if let byte = rest.popFirst().flatMap({ escapes[$0] }) {
        bytes.append(byte)
      } else {
        return nil
      }
    }
    return nil
  }

  /// A name as a path inside the tree: leading slashes and `.` go, `..` is refused.
  private static func path(_ name: [UInt8], of entry: String) throws -> FilePath {
    var path = FilePath()
    for part in name.split(separator: UInt8(ascii: "/")) {
      guard let component = FilePath.Component(platformString: part.map { CChar(bitPattern: $0) } + [0]) else {
        continue
      }
      switch component.kind {
      case .regular: path.append(component)
      case .currentDirectory: break
      case .parentDirectory: throw CacheError(.badArchive, "entry \(entry) leaves the tree by its ..")
      }
    }
    return path
  }

  /// What the entry removes from lower layers, where it is a whiteout; such an entry is nothing else.
  ///
  /// - Throws: ``CacheError`` `badArchive` for a whiteout of nothing or of `..`.
  func removal() throws -> LayerRemoval? {
    guard let last = path.lastComponent, last.string.hasPrefix(Self.whiteout) else { return nil }
    if last.string == Self.opaque { return LayerRemoval(path.removingLastComponent(), isOpaque: true) }
    // The rest of the name, byte by byte: it may not be UTF-8.
    let rest = last.withPlatformString { FilePath.Component(platformString: $0 + Self.whiteout.utf8.count) }
    guard let rest, rest.kind == .regular else {
      throw CacheError(.badArchive, "entry \(name) is a whiteout of nothing")
    }
    return LayerRemoval(path.removingLastComponent().appending(rest))
  }

  static let whiteout = ".wh."
  static let opaque = ".wh..wh..opq"
  /// Whether the entry is one that only aufs, an old union file system, reads.
  var isOfAufs: Bool {
    path.lastComponent.map { $0.string.hasPrefix(".wh..wh.") && $0.string != Self.opaque } ?? false
  }
}
