import BuildCache
import Glibc
import SystemPackage

/// A tree whose links are followed as if it were the whole file system: nothing outside it can be reached.
struct TreeInterior {
  /// The tree's folder.
  let top: FilePath

  /// The real folder that a path leads to inside the tree, links on the way followed.
  ///
  /// - Parameters:
  ///   - path: relative to the top; links in it are followed, its last component's too.
  ///   - isMaking: whether folders that are missing are made.
  ///   - entry: what the path belongs to, for messages.
  /// - Returns: nothing where a part is missing or no folder, and none is to be made.
  /// - Throws: ``CacheError`` `badArchive` naming the entry where links go round in circles or a file is in the way.
  func folder(at path: FilePath, making isMaking: Bool, for entry: String) throws -> FilePath? {
    var real = FilePath()
    var rest = Array(path.components.reversed())
    var hops = 0
    while let component = rest.popLast() {
      if component.kind == .parentDirectory {
        real.removeLastComponent()  // at the top it stays there, as in a file system
        continue
      }
      if component.kind == .currentDirectory { continue }
      let place = top.pushing(real).appending(component)
      guard let status = try FileStatus(of: place) else {
        guard isMaking else { return nil }
        guard place.withPlatformString({ mkdir($0, 0o755) }) == 0 else { throw FileError("can't make folder", place) }
        real.append(component)
        continue
      }
      if status.isDirectory {
        real.append(component)
      } else if status.isLink {
        hops += 1
        guard hops <= 255 else { throw CacheError(.badArchive, "entry \(entry) goes through links without end") }
        let target = FilePath(platformString: try linkText(of: place))
        if target.isAbsolute { real = FilePath() }
        rest += target.components.reversed()
      } else {
        guard isMaking else { return nil }
        throw CacheError(.badArchive, "entry \(entry) is in \(component.string), which is no folder")
      }
    }
    return top.pushing(real)
  }
}
