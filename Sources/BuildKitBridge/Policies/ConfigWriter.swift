import BuildCache

extension DaemonConfig {
  /// A kind of configuration.
  public enum Form: String, Sendable, CaseIterable {
    /// BuildKit's.
    case buildkitd = "buildkitd.toml"
    /// A Docker engine's.
    case docker = "daemon.json"

    /// The one that a file's name tells: what ends in `.json` is an engine's.
    public init(ofFile name: String) { self = name.lowercased().hasSuffix(".json") ? .docker : .buildkitd }
  }

  /// Rules as a daemon's configuration, which read back comes to the same rules.
  ///
  /// - Parameters:
  ///   - policies: the rules, in order.
  ///   - form: whose configuration.
  ///   - ranking: for which daemons, as ``collection(for:diskSize:now:)`` has it.
  ///   - worker: whose section of a `buildkitd.toml`: `containerd`, or `oci`, which is meant where nobody says.
  /// - Throws: ``CacheError`` `badInput`, naming the rule and what of it that daemon can't be told.
  public static func text(
    of policies: [PrunePolicy], as form: Form, for ranking: RankingRule, worker: String? = nil
  ) throws(CacheError) -> String {
    for (number, policy) in policies.enumerated() {
      if let problem = problem(of: policy, as: form, for: ranking) { throw refusal(number, form, problem) }
    }
    let text =
      switch form {
      case .buildkitd: toml(policies, ranking, worker)
      case .docker: json(policies, ranking)
      }
    try check(text, policies, form, ranking, worker)
    return text
  }

  private static func refusal(_ number: Int, _ form: Form, _ problem: String) -> CacheError {
    CacheError(.badInput, "rule \(number + 1) can't be written to a \(form.rawValue): \(problem)")
  }

  /// What of a rule a daemon can't be told.
  private static func problem(of policy: PrunePolicy, as form: Form, for ranking: RankingRule) -> String? {
    let limits = policy.limits
    let old = form == .buildkitd ? "BuildKit v0.10.0" : "Docker 20.10"
    if ranking == .seed {
      if limits.reserved > 0 { return "\(old) knows no reserved space" }
      if limits.minFree > 0 { return "\(old) knows no min free" }
    }
    if !policy.filter.isBuildKits {
      return "its filter compares sizes, uses or ages, or looks for words, which no daemon does"
    }
    guard form == .docker, !policy.filter.matchesAll else { return nil }
    if engineFilter(policy.filter) == nil {
      return "an engine's filter asks for one value each of id (a pattern), type, description and the like, all at once"
    }
    return nil
  }

  /// Reads what was written, and compares: what a form can't say is found whatever it is.
  private static func check(
    _ text: String, _ policies: [PrunePolicy], _ form: Form, _ ranking: RankingRule, _ worker: String?
  ) throws(CacheError) {
    let read = try DaemonConfig(text, name: form.rawValue, worker: worker)
      .collection(for: ranking, diskSize: nil, now: Timestamp(nanoseconds: 0)).policies
    for (number, policy) in policies.enumerated() {
      guard read.indices.contains(number) else { throw refusal(number, form, "it is one too many") }
      let back = read[number]
      let part: String? =
        back.all != policy.all
        ? "all"
        : back.limits != policy.limits
          ? "its limits"
          : back.keepDuration != policy.keepDuration
            ? "its keep-duration" : back.filter.means(policy.filter) ? nil : "its filter"
      if let part { throw refusal(number, form, "there is no way to say \(part)") }
    }
  }

  // MARK: TOML

  private static func toml(_ policies: [PrunePolicy], _ ranking: RankingRule, _ worker: String?) -> String {
    let section = worker?.lowercased().hasPrefix("containerd") == true ? "containerd" : "oci"
    var lines = [
      "# Garbage collection for BuildKit \(ranking == .seed ? "v0.10.0" : "v0.22 and newer"), sizes in bytes.",
      "[worker.\(section)]", "  gc = true",
    ]
    for policy in policies {
      lines += ["", "  [[worker.\(section).gcpolicy]]", "    all = \(policy.all)"]
      if !policy.filter.strings.isEmpty {
        lines.append("    filters = [\(policy.filter.strings.map(quoted).joined(separator: ", "))]")
      }
      if policy.keepDuration.nanoseconds != 0 {
        let text = span(policy.keepDuration)
        // A number counts seconds.
        lines.append("    keepDuration = " + (text.last == "s" ? quoted(text) : text))
      }
      let limits = policy.limits
      let amounts =
        ranking == .seed
        ? [("keepBytes", limits.maxUsed)]
        : [("reservedSpace", limits.reserved), ("maxUsedSpace", limits.maxUsed), ("minFreeSpace", limits.minFree)]
      for (name, bytes) in amounts where bytes > 0 { lines.append("    \(name) = \(bytes)") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Whole seconds as a number, else as nanoseconds with their unit.
  private static func span(_ span: TimeSpan) -> String {
    let (seconds, rest) = span.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return rest == 0 ? "\(seconds)" : "\(span.nanoseconds)ns"
  }

  // MARK: JSON

  private static func json(_ policies: [PrunePolicy], _ ranking: RankingRule) -> String {
    let rules = policies.map { policy in
      var filters: [String] = []
      if policy.keepDuration.nanoseconds != 0 {
        let text = span(policy.keepDuration)
        filters.append("until=" + (text.last == "s" ? text : text + "s"))
      }
      filters += engineFilter(policy.filter) ?? []
      var members = ["\"all\": \(policy.all)"]
      if !filters.isEmpty { members.append("\"filter\": [\(filters.map(quoted).joined(separator: ", "))]") }
      let limits = policy.limits
      if ranking == .seed {
        // Without it 20.10 doesn't start.
        members.append("\"keepStorage\": \"\(limits.maxUsed)\"")
      } else {
        for (name, bytes) in [
          ("reservedSpace", limits.reserved), ("maxUsedSpace", limits.maxUsed), ("minFreeSpace", limits.minFree),
        ] where bytes > 0 { members.append("\"\(name)\": \"\(bytes)\"") }
      }
      return "        { \(members.joined(separator: ", ")) }"
    }
    return """
      {
        "builder": {
          "gc": {
            "enabled": true,
            "policy": [
      \(rules.joined(separator: ",\n"))
            ]
          }
        }
      }

      """
  }

  /// A filter as an engine's list of names with values; nothing where it is more than that.
  private static func engineFilter(_ filter: Filter) -> [String]? {
    if filter.matchesAll { return [] }
    guard let conditions = filter.onlyConditions else { return nil }
    var entries: [String] = []
    for condition in conditions {
      guard DockerConfig.fields.contains(condition.key) else { return nil }
      switch condition.test {
      case .isPresent: entries.append(condition.key)
      case .equals(let value) where condition.key != "id": entries.append("\(condition.key)=\(value)")
      case .matches(let pattern) where condition.key == "id": entries.append("id=\(pattern)")
      case .equals, .differs, .matches, .isOwn: return nil
      }
    }
    return entries
  }

  // MARK: texts

  /// A text in quotes, as TOML and JSON both read it; what a terminal might misunderstand is escaped.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      case " "..."~": quoted.unicodeScalars.append(scalar)
      default:
        let isPlain = scalar.properties.isAlphabetic || scalar.properties.isEmoji
        if isPlain || scalar.value > 0xffff {
          quoted.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return quoted + "\""
  }
}

extension Filter {
  /// Whether another filter matches the same by the same words, those of one string in any order.
  fileprivate func means(_ other: Filter) -> Bool {
    if self == other || matchesAll && other.matchesAll { return true }
    guard let mine = onlyConditions, let others = other.onlyConditions else { return false }
    return Set(mine.map(\.text)) == Set(others.map(\.text))
  }
}
