import BuildCache
import CacheReport

/// How a rule of the Prune screen is shown for editing.
extension ExplorerState {
  func title(of rule: PruneState.Rule) -> String {
    prune.policies.count == 1 ? "The policy" : "Rule \(rule.number + 1) of \(prune.policies.count)"
  }

  /// The parts of a rule, each with the key that changes it.
  func lines(of rule: PruneState.Rule) -> [String] {
    let policy = rule.policy
    func bytes(_ count: Int64) -> String { count > 0 ? amount(count) : "none" }
    var parts: [(Character, String, String)] = [
      (TextEntry.Purpose.maxUsed.letter, "keep-bytes (max used)", bytes(policy.limits.maxUsed)),
      (TextEntry.Purpose.reserved.letter, "reserved: stays whatever else", bytes(policy.limits.reserved)),
      (TextEntry.Purpose.minFree.letter, "min free on the disk", bytes(policy.limits.minFree)),
      (TextEntry.Purpose.keepDuration.letter, "keep-duration", durationText(policy)),
      ("a", "all: internal, frontend, shared too", policy.all ? "yes" : "no"),
      (TextEntry.Purpose.filter.letter, "filter", policy.filterWords ?? "none"),
      ("k", "ranking of", behavior.ranking == .seed ? "BuildKit v0.10.0 (seed)" : "newer BuildKit (current)"),
    ]
    if behavior.isDaemon {
      parts.append(("R", "daemon restarted before", behavior.restart?.words ?? "no"))
    }
    if let rules = inventory.reading.rules {
      parts.append(("g", "the rules of the daemon itself", rules.isEmpty ? "it has none" : "\(rules.count)"))
    }
    parts.append((TextEntry.Purpose.file.letter, "open a buildkitd.toml\(signs.ellipsis)", ""))
    return parts.map { "\($0.0)  \(cell($0.1, 36))  \($0.2)" } + ["", "any other key: back"]
  }

  func durationText(_ policy: PrunePolicy) -> String {
    policy.keepDuration.nanoseconds > 0 ? policy.keepDuration.ageText : "off"
  }

  func title(of entry: TextEntry) -> String {
    switch entry.purpose {
    case .maxUsed: "Keep how many bytes?"
    case .reserved: "Keep how many bytes at least?"
    case .minFree: "How many bytes should be free on the disk?"
    case .keepDuration: "Keep what was used within?"
    case .filter: "Take only what matches?"
    case .file: "Which buildkitd.toml?"
    }
  }

  func entryLines(_ entry: TextEntry) -> [String] {
    let example =
      switch entry.purpose {
      case .maxUsed, .reserved, .minFree: "for instance 500MB, 20GB or 20GiB; 0 for none"
      case .keepDuration: "for instance 90s, 45m, 48h or 7d; 0 for off"
      case .filter: "for instance type==exec.cachemount or size>100MB; nothing for all"
      case .file: "its path; its rules take the place of these"
      }
    return ["> \(entry.text)_", "", entry.problem ?? example, "Enter takes it, Esc goes back"]
  }
}
