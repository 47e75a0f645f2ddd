import BuildCache
import CLinux
import FileTrees
import Foundation
import Glibc
import SystemPackage

/// All that a tree holds, in words: each name with its kind, mode, owner, time, content, attributes and other names.
struct TreePortrait {
  /// By their paths, the tree's own folder as `.`.
  private(set) var lines: [String: String] = [:]

  /// Takes it.
  ///
  /// - Parameter start: what was changed since then is told as `now`, as two programs don't write at the same time.
  init(of tree: FilePath, since start: Date) throws {
    var firsts: [FileIdentity: String] = [:]
    try TreeComparison(lower: nil, upper: tree, care: .status).walk { step, place in
      switch step {
      case .enter(let path, let status, _):
        lines[Self.text(path)] = try Self.line(nil, status, place.upper, start)
      case .entry(let path, let status, _):
        guard let name = path.lastComponent else { return }
        var line = try Self.line(name, status, place.upper, start)
        if status.hasOtherNames {
          if let first = firsts[status.identity] {
            line += " = \(first)"
          } else {
            firsts[status.identity] = Self.text(path)
          }
        }
        lines[Self.text(path)] = line
      default: break
      }
    }
  }

  /// Where a tree of Strata's and one of umoci's differ, a line each.
  ///
  /// How the tree's own folder looks where no layer says it is everybody's own choice: umoci's is the start of 1970.
  func differences(from other: TreePortrait) -> [String] {
    Set(lines.keys).union(other.lines.keys).sorted().compactMap { path in
      let (own, theirs) = (lines[path], other.lines[path])
      if own == theirs || path == "." && theirs?.hasPrefix("folder 755") == true && theirs?.hasSuffix(" 0") == true {
        return nil
      }
      return "\(path): \(own ?? "nothing"), umoci: \(theirs ?? "nothing")"
    }
  }

  /// Bytes as they are where they are printable, else as Swift writes them.
  private static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: { $0.value < 32 }) {
      return text
    }
    return bytes.map { (33..<127).contains($0) ? String(UnicodeScalar($0)) : "\\" + String($0, radix: 16) }.joined()
  }

  private static func text(_ path: FilePath) -> String { path.isEmpty ? "." : text(path.bytes) }

  private static func line(_ name: FilePath.Component?, _ status: FileStatus, _ folder: Folder, _ start: Date) throws
    -> String
  {
    let raw = status.raw
    var words: [String]
    if status.isDirectory {
      words = ["folder"]
    } else if status.isLink, let name {
      words = ["link -> \(text(try folder.linkText(of: name).prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }))"]
    } else if status.isRegular, let name {
      let file = try folder.openFile(name)
      let bytes = try file.closeAfter { try readAll(file) }
      words = [bytes.count > 100 ? "file of \(bytes.count) \(Digest(of: bytes).hex.prefix(12))" : "file \(text(bytes))"]
    } else if status.isDevice {
      let number = UInt64(raw.st_rdev)
      words = [
        raw.st_mode & S_IFMT == S_IFCHR ? "char" : "block",
        "\(number >> 8 & 0xfff):\(number & 0xff | number >> 12 & 0xfff00)",
      ]
    } else {
      words = ["pipe"]
    }
    if !status.isLink { words.append(String(status.permissions, radix: 8)) }
    words.append("\(raw.st_uid):\(raw.st_gid)")
    let time = raw.st_mtim
    let isNow = abs(Double(time.tv_sec) - start.timeIntervalSince1970) < 600
    words.append(isNow ? "now" : "\(time.tv_sec)" + (time.tv_nsec == 0 ? "" : ".\(time.tv_nsec)"))
    let path = name.map { folder.link(to: $0) } ?? folder.link(to: nil)
    return (words + attributes(of: path)).joined(separator: " ")
  }

  private static func attributes(of path: FilePath) -> [String] {
    func read(_ call: (UnsafeMutablePointer<CChar>?, Int) -> Int) -> [UInt8] {
      var bytes = [CChar](repeating: 0, count: 1 << 16)
      let count = call(&bytes, bytes.count)
      return bytes.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
    }
    let names = path.withPlatformString { path in read { llistxattr(path, $0, $1) } }
    // In this one, who is no root keeps the owner that a file would have.
    return names.split(separator: 0).filter { String(decoding: $0, as: UTF8.self) != "user.rootlesscontainers" }
      .map { name in
        let key = name.map { CChar(bitPattern: $0) } + [0]
        let value = path.withPlatformString { path in read { lgetxattr(path, key, $0, $1) } }
        return "\(text(Array(name)))=\(text(value))"
      }.sorted()
  }
}
