import BuildCache

/// What a policy needs and a cache doesn't tell, as it is typed: in an option of the command line, or into a field of the
/// screen. Both mean the same by the same words.
extension RankingRule {
  /// Reads a rule by its name, or the version of whoever prunes: BuildKit's as `v0.21.1`, or an engine's as `28.1`.
  ///
  /// - Parameter option: where it was typed, for the message.
  /// - Throws: ``CacheError`` `badInput`.
  public init(parsing text: String, of option: String) throws(CacheError) {
    if let rule = RankingRule(rawValue: text) {
      self = rule
    } else if let era = DaemonEra(engine: text) ?? DaemonEra(buildKit: text) {
      self = era.behavior(.never).ranking
    } else {
      throw CacheError(
        .badInput, "\(option): \(text) is no rule: write seed, current, or a version as v0.21.1 or 28.1")
    }
  }
}

extension DaemonRestart {
  /// Reads when a daemon is started anew: `yes`, `no`, or since when it runs; nothing for `auto`, as the cache tells.
  ///
  /// - Parameter option: where it was typed, for the message.
  /// - Throws: ``CacheError`` `badInput`.
  public static func typed(_ text: String, of option: String) throws(CacheError) -> DaemonRestart? {
    switch text {
    case "auto": return nil
    case "yes": return .before
    case "no": return .never
    default: return .at(try Timestamp(parsing: text, of: option))
    }
  }
}

extension Timestamp {
  /// Reads a time, RFC 3339.
  ///
  /// - Parameter option: where it was typed, for the message.
  /// - Throws: ``CacheError`` naming the option.
  public init(parsing text: String, of option: String) throws(CacheError) {
    do { self = try Timestamp(parsing: text) } catch { throw CacheError(error.code, "\(option): \(error.message)") }
  }
}

extension PrunePolicy {
  /// Takes a filter as it is typed: BuildKit's, or Docker's with `until`, which sets the keep-duration.
  ///
  /// - Returns: how something was understood, in sentences.
  /// - Throws: ``CacheError`` `badFilter`, or `badInput` where there is a keep-duration already.
  public mutating func takeFilter(_ texts: [String]) throws(CacheError) -> [String] {
    let typed = try TypedFilters(texts, hasAge: true)
    filter = try Filter(parsing: typed.strings).checked()
    if let span = typed.keepDuration { keepDuration = span }
    return typed.remarks
  }
}
