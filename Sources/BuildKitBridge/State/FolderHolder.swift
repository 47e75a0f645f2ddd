import BuildCache
import Glibc
import SystemPackage

/// The daemon that runs on a folder, as the kernel's list of locks tells: to ask for a lock would be to take part.
struct FolderHolder: Equatable {
  /// Its process; absent where it isn't seen from here, as another container's is.
  let process: Int?
  /// When it was started; absent where that can't be known.
  let started: Timestamp?

  /// Who has a bolt file open: bolt holds a lock on it for as long.
  ///
  /// - Returns: nothing where nobody has, or the list of locks can't be read.
  init?(of file: FilePath) {
    var status = stat()
    guard file.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
    // The kernel gives the list in portions, and leaves lines out where it changes between two: then it is asked again.
    for _ in 0..<8 {
      guard let locks = RunningProcess.text(of: "/proc/locks") else { return nil }
      if let holder = Self.holder(of: status, in: locks) {
        process = holder > 0 ? holder : nil
        started = process.flatMap { RunningProcess($0).started }
        return
      }
    }
    return nil
  }

  /// The process that has a lock on a file; 0 where it isn't seen from here.
  ///
  /// For example: `1: FLOCK  ADVISORY  WRITE 812 fe:00:4325 0 EOF`
  private static func holder(of status: stat, in locks: String) -> Int? {
    for line in locks.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 5, words[1] == "FLOCK", words[3] == "WRITE" else { continue }
      let place = words[5].split(separator: ":")
      guard place.count == 3, let major = UInt32(place[0], radix: 16), let minor = UInt32(place[1], radix: 16),
        UInt64(place[2]) == UInt64(status.st_ino), isDevice(status.st_dev, major, minor)
      else { continue }
      return Int(words[4]).map { max(0, $0) }
    }
    return nil
  }

  /// Whether a device has these two numbers. File systems without a disk of their own may give files other ones than the
  /// list of locks has: of those the inode has to do.
  private static func isDevice(_ device: dev_t, _ major: UInt32, _ minor: UInt32) -> Bool {
    let own = (UInt32((device >> 8) & 0xfff), UInt32((device & 0xff) | ((device >> 12) & 0xfff00)))
    return own == (major, minor) || own.0 == 0 && major == 0
  }
}
