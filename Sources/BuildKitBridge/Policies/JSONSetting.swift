import BuildCache
import Foundation

/// A value of a `daemon.json` and its place; keys are found in any case, as Go finds them, and null is as good as absent.
struct JSONSetting {
  private let file: String
  /// Its place, for messages: `builder.gc.policy[1]`.
  let place: String
  private let value: Any?

  init(_ file: String, _ place: String, _ value: Any?) {
    self.file = file
    self.place = place
    self.value = value is NSNull ? nil : value
  }

  /// The error about it.
  func refusal(_ words: String) -> CacheError {
    CacheError(.badInput, "\(file): \(place.isEmpty ? "the file" : place) \(words)")
  }

  private var members: [String: Any] { value as? [String: Any] ?? [:] }

  /// A member of an object; absent where there is none.
  func member(_ key: String) -> JSONSetting {
    let value = members[key] ?? members.first { $0.key.lowercased() == key.lowercased() }?.value
    return JSONSetting(file, place.isEmpty ? key : "\(place).\(key)", value)
  }

  /// Itself, where it is an object.
  var object: JSONSetting? {
    get throws(CacheError) {
      guard let value else { return nil }
      guard value is [String: Any] else { throw refusal("is no object") }
      return self
    }
  }

  /// Its elements, where it is a list.
  var list: [JSONSetting]? {
    get throws(CacheError) {
      guard let value else { return nil }
      guard let list = value as? [Any] else { throw refusal("is no list") }
      return list.enumerated().map { JSONSetting(file, "\(place)[\($0 + 1)]", $1) }
    }
  }

  var bool: Bool? {
    get throws(CacheError) {
      guard let value else { return nil }
      // Numbers are of the same class: their type tells.
      guard let number = value as? NSNumber, ["c", "B"].contains(String(cString: number.objCType)) else {
        throw refusal("is neither true nor false")
      }
      return number.boolValue
    }
  }

  private var text: String? {
    get throws(CacheError) {
      guard let value else { return nil }
      guard let text = value as? String else { throw refusal("is no text") }
      return text
    }
  }

  /// Whether it is a text that isn't empty.
  var hasText: Bool {
    get throws(CacheError) { try text?.isEmpty == false }
  }

  /// A size, which is a text; the empty one is none.
  var amount: DiskAmount {
    get throws(CacheError) {
      guard let text = try text, !text.isEmpty else { return .none }
      guard text.last != "%", let amount = DiskAmount(parsing: text) else {
        throw refusal("is no size: write for instance \"20GB\"")
      }
      return amount
    }
  }

  /// A filter's values by name.
  var filterValues: [String: [String]] {
    get throws(CacheError) {
      guard let value else { return [:] }
      var values: [String: [String]] = [:]
      if let list = value as? [Any] {
        for entry in list {
          guard let entry = entry as? String else { throw refusal("is no list of texts") }
          let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
          let name = parts[0].trimmingCharacters(in: .whitespaces).lowercased()
          let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
          if values[name]?.contains(value) != true { values[name, default: []].append(value) }
        }
        return values
      }
      guard let named = value as? [String: Any] else { throw refusal("is neither a list nor names with values") }
      for (name, inner) in named {
        guard let inner = inner as? [String: Any] else { throw refusal("has no values for \(name)") }
        values[name] = inner.keys.sorted()
      }
      return values
    }
  }

  /// What is said of members that are none of these.
  func others(besides known: [String]) -> [String] {
    members.keys.sorted().filter { key in !known.contains { $0.lowercased() == key.lowercased() } }
      .map { "\(place).\($0) is no key, and is passed over" }
  }
}
