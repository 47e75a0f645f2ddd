import BuildCache

/// Versions of BuildKit that prune alike.
enum DaemonEra: Sendable {
  /// Before v0.10, as in Docker 20.10: holds on parents that it took while it started don't count as a use.
  case beforeMerges
  /// v0.10, before there was a build history, as in Docker 23.
  case beforeHistory
  /// v0.11 to v0.21, as in Docker 24 to 28.1: it ranks as v0.10 does. A folder tells these as the newer ones.
  case beforeNewRanks
  /// v0.22 and newer.
  case current

  /// How it ranks candidates (D5).
  var ranking: RankingRule { self == .current ? .current : .seed }

  /// What a start at this time does to its prunes (G6).
  func restart(_ restart: DaemonRestart) -> DaemonRestart { self == .beforeMerges ? .never : restart }

  /// The one of a version of BuildKit, as `v0.21.1`; nothing where it tells none.
  init?(buildKit version: String) {
    guard let numbers = Self.numbers(in: version) else { return nil }
    if numbers[0] == 0 && numbers[1] == 0 { return nil }  // built without one
    let minor = numbers[0] > 0 ? Int.max : numbers[1]
    self = minor < 10 ? .beforeMerges : minor == 10 ? .beforeHistory : minor < 22 ? .beforeNewRanks : .current
  }

  /// The one of a version of the Docker Engine, as `28.1.1`; nothing where it tells none.
  init?(engine version: String) {
    guard let numbers = Self.numbers(in: version) else { return nil }
    switch numbers[0] {
    case ..<1: return nil  // built without one
    case ..<23: self = .beforeMerges
    case 23: self = .beforeHistory
    case 28 where numbers[1] < 2, 24..<28: self = .beforeNewRanks
    default: self = .current
    }
  }

  private static func numbers(in version: String) -> [Int]? {
    guard let match = version.prefixMatch(of: /v?(\d{1,9})\.(\d{1,9})/), let major = Int(match.1),
      let minor = Int(match.2)
    else { return nil }
    return [major, minor]
  }
}
