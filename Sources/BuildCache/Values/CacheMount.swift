/// A cache mount of an exec step (`RUN --mount=type=cache`): what a record of that type is.
public struct CacheMount: Sendable, Equatable, Codable {
  /// The id by which steps share it; absent where it isn't told.
  public var id: String?
  /// Where the step sees it; absent where it isn't told.
  public var target: String?

  /// Makes a mount.
  public init(id: String?, target: String?) {
    self.id = id
    self.target = target
  }
}

extension CacheMount {
  /// Reads BuildKit's description of such a record: `cached mount TARGET from exec COMMAND with id "ID"`.
  ///
  /// - Parameters:
  ///   - description: the record's.
  ///   - key: the id by which BuildKit finds it again; a Dockerfile's has a `/` and its namespace before it.
  /// - Returns: nothing where neither says that it is one.
  package init?(description: String, key: String?) {
    let head = "cached mount "
    let isOne = description.hasPrefix(head)
    guard isOne || key != nil else { return nil }
    defer { if let whole = id, whole.hasPrefix("/") { id = String(whole.dropFirst()) } }
    id = key
    guard isOne else { return }
    let words = description.dropFirst(head.count)
    target = words.firstRange(of: " from exec ").map { String(words[..<$0.lowerBound]) }
    if words.last == "\"", let start = words.ranges(of: " with id \"").last {
      id = String(words[start.upperBound...].dropLast())
    }
  }
}
