import BuildCache

/// A value of a `daemon.json` and its place; keys are found in any case, as Go finds them, the last of several counts, and
/// null is as good as absent.
struct JSONSetting {
  private let file: String
  /// Its place, for messages: `builder.gc.policy[1]`.
  let place: String
  private let value: JSONValue

  private init(_ file: String, _ place: String, _ value: JSONValue) {
    self.file = file
    self.place = place
    self.value = value
  }

  /// Reads a file's text, as strictly as the engine does.
  ///
  /// - Throws: ``CacheError`` `badInput`, naming the file and the line.
  init(reading text: String, of file: String) throws(CacheError) {
    var json = JSONReader(Array(text.utf8))
    do throws(JSONReader.Problem) {
      self.init(file, "", try json.onlyValue())
    } catch {
      let none = "this is no JSON, and no engine starts with it"
      let words =
        switch error {
        case .tooMuch(let words): words
        case .cutOff: "the file ends in the middle of a value: \(none)"
        case .noJSON, .wrongKind, .unreadable: (json.next.map { "\($0.shown) can't stand here: " } ?? "") + none
        }
      throw CacheError(.badInput, "\(file): line \(json.line): \(words)")
    }
  }

  /// The error about it.
  func refusal(_ words: String) -> CacheError {
    CacheError(.badInput, "\(file): \(place.isEmpty ? "the file" : place) \(words)")
  }

  private var isAbsent: Bool { if case .null = value { true } else { false } }

  private var members: [(name: String, value: JSONValue)] {
    if case .object(let members) = value { members } else { [] }
  }

  /// A member of an object; absent where there is none.
  func member(_ key: String) -> JSONSetting {
    let found = members.last { name, value in
      if case .null = value { false } else { name.lowercased() == key.lowercased() }
    }
    return JSONSetting(file, place.isEmpty ? key : "\(place).\(key)", found?.value ?? .null)
  }

  /// Itself, where it is an object.
  var object: JSONSetting? {
    get throws(CacheError) {
      if isAbsent { return nil }
      guard case .object = value else { throw refusal("is no object") }
      return self
    }
  }

  /// Its elements, where it is a list.
  var list: [JSONSetting]? {
    get throws(CacheError) {
      if isAbsent { return nil }
      guard case .list(let list) = value else { throw refusal("is no list") }
      return list.enumerated().map { JSONSetting(file, "\(place)[\($0 + 1)]", $1) }
    }
  }

  var bool: Bool? {
    get throws(CacheError) {
      if isAbsent { return nil }
      guard case .flag(let flag) = value else { throw refusal("is neither true nor false") }
      return flag
    }
  }

  private var text: String? {
    get throws(CacheError) {
      if isAbsent { return nil }
      guard case .text(let text) = value else { throw refusal("is no text") }
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
      var values: [String: [String]] = [:]
      switch value {
      case .null: break
      case .list(let list):
        for entry in list {
          guard case .text(let entry) = entry else { throw refusal("is no list of texts") }
          let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
          let name = parts[0].trimmed.lowercased()
          let value = parts.count > 1 ? parts[1].trimmed : ""
          if values[name]?.contains(value) != true { values[name, default: []].append(value) }
        }
      case .object(let named):
        for (name, inner) in named {
          let setting = JSONSetting(file, "\(place).\(name)", inner)
          let inner = try setting.object?.members ?? []
          for value in inner { _ = try JSONSetting(file, "\(setting.place).\(value.name)", value.value).bool }
          values[name] = Set(inner.map(\.name)).sorted()
        }
      case .flag, .number, .text: throw refusal("is neither a list nor names with values")
      }
      return values
    }
  }

  /// What is said of members that are none of these.
  func others(besides known: [String]) -> [String] {
    members.map(\.name).sorted().filter { key in !known.contains { $0.lowercased() == key.lowercased() } }
      .map { "\(place).\($0) is no key, and is passed over" }
  }
}

extension Substring {
  /// Without space around it.
  fileprivate var trimmed: String {
    let start = drop(while: \.isWhitespace)
    return String(start[..<(start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex)])
  }
}
