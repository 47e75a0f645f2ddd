import BuildCache
import CacheReport
import Terminal

/// How a rule of the Prune screen is shown for editing.
extension ExplorerState {
  func title(of rule: PruneState.Rule) -> String {
    prune.policies.count == 1 ? "The policy" : "Rule \(rule.number + 1) of \(prune.policies.count)"
  }

  /// The parts of a rule, then what is assumed of whoever carries it out, each with the key that changes it.
  func lines(of rule: PruneState.Rule) -> [String] {
    let policy = rule.policy
    func bytes(_ count: Int64) -> String { count > 0 ? amount(count) : "none" }
    func letter(_ purpose: TextEntry.Purpose) -> String { String(purpose.letter) }
    var parts: [(String, String, String)] = [
      (letter(.maxUsed), "keep-bytes (max used)", bytes(policy.limits.maxUsed)),
      (letter(.reserved), "reserved: stays whatever else", bytes(policy.limits.reserved)),
      (letter(.minFree), "min free on the disk", bytes(policy.limits.minFree)),
      (letter(.keepDuration), "keep-duration", durationText(policy)),
      ("a", "all: internal, frontend, shared too", policy.all ? "yes" : "no"),
      (letter(.filter), "filter", policy.filterWords ?? "none"),
      ("n x", "add a rule like it after it, remove it", ""),
      ("< >", "move it up, down", ""),
      (
        "k v", "ranking of; by version",
        behavior.ranking == .seed ? "BuildKit v0.10.0 (seed)" : "newer BuildKit (current)"
      ),
    ]
    if behavior.isDaemon {
      parts.append((letter(.restart), "daemon restarted before", behavior.restart?.words ?? "no"))
    }
    let space = inventory.reading.space
    parts += [
      (letter(.free), "free space of the disk", disk(prune.free, space?.free)),
      (letter(.diskSize), "size of the disk", disk(prune.diskSize, space?.capacity)),
      (letter(.worker), "worker whose rules a file means", prune.worker ?? "as it tells"),
    ]
    if let rules = inventory.reading.rules {
      parts.append(("g", "the rules of the daemon itself", rules.isEmpty ? "it has none" : "\(rules.count)"))
    }
    parts.append(("o w", "open, write a buildkitd.toml or daemon.json\(signs.ellipsis)", ""))
    return parts.map { key, name, value in
      value.isEmpty ? "\(cell(key, 3))  \(name)" : "\(cell(key, 3))  \(cell(name, 36))  \(value)"
    } + ["any other key: back"]
  }

  /// What is known of the disk.
  private func disk(_ pretended: Int64?, _ read: Int64?) -> String {
    pretended.map { "\(amount($0)), pretended" } ?? read.map { amount($0) } ?? "unknown"
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
    case .ranking: "Whose ranking?"
    case .restart: "Was the daemon restarted?"
    case .free: "How much of the disk is free?"
    case .diskSize: "How large is the disk?"
    case .worker: "Which worker?"
    case .open: "Which buildkitd.toml or daemon.json?"
    case .save: "Write the rules to which file?"
    }
  }

  func entryLines(_ entry: TextEntry) -> [String] {
    let example =
      switch entry.purpose {
      case .maxUsed, .reserved, .minFree: "for instance 500MB, 20GB or 20GiB; 0 for none"
      case .keepDuration: "for instance 90s, 45m, 48h or 7d; 0 for off"
      case .filter: "for instance type==exec.cachemount or size>100MB; nothing for all"
      case .ranking: "seed, current, or a version as v0.21.1 or 28.1; nothing: as the cache tells"
      case .restart: "yes, no, or since when it runs as 2026-11-24T08:00:00Z; nothing: as the cache tells"
      case .free, .diskSize: "for instance 40GB; nothing: what was read of it"
      case .worker: "oci or containerd; nothing: the one that has rules"
      case .open: "its path, Tab completes it; its rules take the place of these"
      case .save: "a new file, Tab completes its path: .json for a daemon.json, else a buildkitd.toml"
      }
    var lines = ["> \(entry.text)_", "", entry.problem ?? example]
    if !entry.candidates.isEmpty { lines[2] = entry.candidates.map { safeText($0) }.joined(separator: "  ") }
    return lines + ["Enter takes it, Esc goes back"]
  }
}
