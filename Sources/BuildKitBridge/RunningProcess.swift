import BuildCache
import FileTrees
import Foundation
import Glibc
import SystemPackage

/// A process of this machine, as the kernel tells of it.
struct RunningProcess {
  /// Its number.
  let number: Int

  init(_ number: Int) { self.number = number }

  /// What the kernel tells under a name, to its end: it comes in portions, and a short one is not the last.
  static func text(of file: String) -> String? {
    (try? readFile(file)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Its program's name, of which the kernel keeps 15 bytes; nothing where it isn't seen from here.
  var name: String? { Self.text(of: "/proc/\(number)/comm").map { String($0.prefix { $0 != "\n" }) } }

  /// The files that it has open, by the paths that it sees.
  var openFiles: [String] {
    let folder = "/proc/\(number)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
  }

  /// The disk under a folder as it sees that; nothing where that can't be looked at.
  func space(under folder: String) -> CacheSpace? {
    guard let disk = try? FileSystemStatus(of: FilePath("/proc/\(number)/root" + folder)) else { return nil }
    return CacheSpace(capacity: disk.capacity, free: disk.free)
  }

  /// When it was started; nothing where it isn't seen from here.
  var started: Timestamp? {
    // After the name in brackets, which may hold anything, the 20th word: ticks since the machine was started.
    guard let own = Self.text(of: "/proc/\(number)/stat"),
      let name = own.lastIndex(of: ")"),
      let all = Self.text(of: "/proc/stat"),
      let boot = all.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })
    else { return nil }
    let words = own[own.index(after: name)...].split(separator: " ")
    let perSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
    guard words.count > 19, let ticks = Int64(words[19]), let seconds = Int64(boot.dropFirst(6)), perSecond > 0 else {
      return nil
    }
    let nanoseconds = ticks.multipliedSaturating(by: 1_000_000_000 / perSecond)
    return Timestamp(nanoseconds: seconds.multipliedSaturating(by: 1_000_000_000).addingSaturating(nanoseconds))
  }
}
