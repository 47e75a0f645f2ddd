import BuildCache

/// What an image is called in an archive.
struct ImageName: Hashable {
  /// As the archive has it.
  let text: String
  /// Whether it is a whole name, of which registry, `library/` and `:latest` may be left out; else it is a tag alone, or
  /// whatever its maker liked.
  let isReference: Bool

  /// The name with all its parts.
  var full: String { Self.full(text) }

  /// The name without what may be left out, as Docker shows it.
  var short: String {
    guard isReference else { return text }
    let full = Self.full(text)
    for prefix in ["docker.io/library/", "docker.io/"] where full.hasPrefix(prefix) {
      return String(full.dropFirst(prefix.count))
    }
    return full
  }

  /// Whether it is what was typed, whichever parts that leaves out.
  func isSame(as typed: String) -> Bool { isReference && Self.full(text) == Self.full(typed) }

  /// The names that a layout's index gives an entry, the most telling first.
  static func names(in annotations: [String: String]?) -> [ImageName] {
    let whole = annotations?[OCI.containerdName].map { ImageName(text: $0, isReference: true) }
    let own = annotations?[OCI.refName].map { ImageName(text: $0, isReference: $0.contains { ":/".contains($0) }) }
    // Beside a whole name the other is its tag, which other images may have as well.
    return [whole, own].compactMap(\.self).filter { !$0.text.isEmpty }
  }

  /// A name with all its parts, as Docker completes it.
  private static func full(_ name: String) -> String {
    let name = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? name
    var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let hasRegistry = parts.count > 1 && (parts[0] == "localhost" || parts[0].contains { ".:".contains($0) })
    if !hasRegistry { parts.insert("docker.io", at: 0) }
    if parts[0] == "index.docker.io" { parts[0] = "docker.io" }
    if parts[0] == "docker.io" && parts.count == 2 { parts.insert("library", at: 1) }
    if parts.last?.contains(":") == false { parts[parts.count - 1] += ":latest" }
    return parts.joined(separator: "/")
  }
}
