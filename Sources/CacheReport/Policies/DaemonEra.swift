import BuildCache

/// How old a daemon's BuildKit is: versions prune otherwise.
package struct DaemonEra: Sendable, Hashable {
  /// The `10` of v0.10; of what a folder tells the oldest that looks so.
  package let minor: Int

  /// Before v0.10, as in Docker 20.10: holds on parents that it took while it started don't count as a use.
  package static let beforeMerges = DaemonEra(minor: 9)
  /// v0.10, before there was a build history, as in Docker 23.
  package static let beforeHistory = DaemonEra(minor: 10)
  /// Today's. A folder tells v0.11 to v0.21, which rank as v0.10 does, as this.
  package static let current = DaemonEra(minor: .max)

  private init(minor: Int) { self.minor = minor }

  /// What its prunes are foreseen by.
  ///
  /// - Parameter start: what its start does to them where that counts (G6).
  package func behavior(_ start: DaemonRestart) -> PruneBehavior {
    PruneBehavior(
      ranking: minor < 22 ? .seed : .current, restart: minor < 10 ? .never : start,
      filterSeesDescription: minor >= 14)
  }

  /// The one of a version of BuildKit, as `v0.21.1`; nothing where it tells none.
  package init?(buildKit version: String) {
    guard let (major, minor) = Self.numbers(in: version) else { return nil }
    if major == 0 && minor == 0 { return nil }  // built without one
    self.init(minor: major > 0 ? .max : minor)
  }

  /// The one of a version of the Docker Engine, as `28.1.1`, by the BuildKit in it; nothing where it tells none.
  package init?(engine version: String) {
    guard let (major, minor) = Self.numbers(in: version), major > 0 else { return nil }
    let within: [Int: Int] = [23: 10, 24: 11, 25: 12, 26: 13, 27: 14]
    self.init(minor: major < 23 ? 8 : within[major] ?? (major == 28 && minor < 2 ? 20 : .max))
  }

  private static func numbers(in version: String) -> (major: Int, minor: Int)? {
    guard let match = version.prefixMatch(of: /v?(\d{1,9})\.(\d{1,9})/), let major = Int(match.1),
      let minor = Int(match.2)
    else { return nil }
    return (major, minor)
  }
}
