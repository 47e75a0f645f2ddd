import BuildCache
import Foundation

/// A rule in the parameters of an engine's `/build/prune`, whose amounts are bytes.
struct EngineQuery {
  /// The query, without the question mark.
  let text: String

  /// Puts it together.
  ///
  /// - Parameters:
  ///   - rule: what may go, and how far.
  ///   - api: the engine's version of its API: from 1.48 on it knows three limits. An older one passes over the newer two
  ///     without a word, and then removes without a limit.
  /// - Throws: ``CacheError`` `badInput` where an engine can't be told that.
  init(_ rule: PrunePolicy, api: String) throws(CacheError) {
    var items: [URLQueryItem] = []
    if rule.all { items.append(URLQueryItem(name: "all", value: "1")) }
    var filters = try Self.filters(rule.filter)
    if rule.keepDuration.nanoseconds > 0 { filters["until"] = "\(rule.keepDuration.nanoseconds)ns" }
    if !filters.isEmpty {
      let form = filters.mapValues { value in value.map { [$0: true] } ?? [:] }
      let json = (try? JSONEncoder().encode(form)) ?? Data()
      items.append(URLQueryItem(name: "filters", value: String(decoding: json, as: UTF8.self)))
    }
    items += try Self.limits(rule.limits, api: api).map { URLQueryItem(name: $0, value: "\($1)") }
    var components = URLComponents()
    components.queryItems = items
    // A plus stands for a blank there.
    text = (components.percentEncodedQuery ?? "").replacing("+", with: "%2B")
  }

  private static func limits(_ limits: SpaceLimits, api: String) throws(CacheError) -> [(String, Int64)] {
    let numbers = api.split(separator: ".").compactMap { Int($0) }
    if numbers.count > 1, (numbers[0], numbers[1]) >= (1, 48) {
      return [
        ("reserved-space", limits.reserved), ("max-used-space", limits.maxUsed), ("min-free-space", limits.minFree),
      ].filter { $0.1 > 0 }
    }
    // There is one, which is a limit as max used is.
    guard limits.minFree == 0, limits.maxUsed == 0 || limits.reserved == 0 else {
      throw CacheError(
        .badInput, "this engine (API \(api)) knows one limit only: no min free, and no reserved space beside max used")
    }
    let keep = max(limits.maxUsed, limits.reserved)
    return keep > 0 ? [("keep-storage", keep)] : []
  }

  /// An engine joins its filters by *and*; of an id it takes an expression, of others the text as it is.
  private static func filters(_ filter: Filter) throws(CacheError) -> [String: String?] {
    guard filter != .all else { return [:] }
    guard let conditions = filter.onlyConditions else {
      throw CacheError(.badInput, "an engine joins filters by and: it takes one filter")
    }
    var filters: [String: String?] = [:]
    for condition in conditions {
      let value: String?
      switch (condition.key, condition.test) {
      case ("inuse", .isPresent), ("shared", .isPresent), ("private", .isPresent): value = .none
      case ("id", .equals(let id)) where RecordID(id).isPlain: value = "/^\(id)$/"
      // Within the slashes a backslash would be taken for the filter's own.
      case ("id", .matches(let pattern)) where !pattern.contains(/[\/\\]/): value = "/\(pattern)/"
      case ("type", .equals(let text)), ("description", .equals(let text)): value = try quoted(text)
      default: throw CacheError(.badInput, "an engine's filter can't say \(condition.text)")
      }
      guard filters.updateValue(value, forKey: condition.key) == nil else {
        throw CacheError(.badInput, "an engine takes one filter of \(condition.key)")
      }
    }
    return filters
  }

  /// As a filter's grammar has it.
  private static func quoted(_ text: String) throws(CacheError) -> String {
    if text.wholeMatch(of: /[A-Za-z0-9._-]+/) != nil { return text }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c }) else {
      throw CacheError(.badInput, "an engine's filter can't say \(text)")
    }
    return "\"\(text)\""
  }
}
