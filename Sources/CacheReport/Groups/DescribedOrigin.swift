/// What a record's description tells of where it comes from.
enum DescribedOrigin: Hashable {
  /// A step of a named stage of a Dockerfile: `[web 5/8] RUN npm ci`.
  case stage(String)
  /// A step of a stage that has no name, or only the number that its builder gave it: `[5/8] RUN npm ci`, `[stage-1 …]`.
  case unnamedStage
  /// A layer of an image: `pulled from docker.io/library/node:20`.
  case image(String)
  /// The last step of a Dockerfile, where nothing else names it: `RUN npm start`. No description tells that by itself.
  case lastStep(String)

  /// Reads a description; nothing where it tells neither.
  init?(_ description: String) {
    let bytes = description.utf8
    if bytes.first == UInt8(ascii: "[") {
      guard let step = Self.step(description) else { return nil }
      self = step
    } else {
      let start = "pulled from "
      guard bytes.starts(with: start.utf8) else { return nil }
      let name = Self.familiarName(Substring(description).dropFirst(start.count))
      guard !name.isEmpty else { return nil }
      self = .image(name)
    }
  }

  /// What stands in the brackets: a platform, a stage, the step's number and how many there are. What has no number is
  /// no step, but something that the build did for itself.
  private static func step(_ description: String) -> DescribedOrigin? {
    guard let end = description.utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
    var words = description[..<end].dropFirst().split(separator: " ")
    guard let number = words.popLast(), isNumber(number) else { return nil }
    if let first = words.first, first.contains("/") { words.removeFirst() }
    let name = words.joined(separator: " ")
    return name.isEmpty || name.wholeMatch(of: /stage-\d+/) != nil ? .unnamedStage : .stage(name)
  }

  /// Takes a record for the last step of a Dockerfile; nothing where it is no step.
  init?(lastStep description: String) {
    if let command = DescribedCommand(description) {
      guard !command.isOfCacheMount else { return nil }
      self = .lastStep(Self.short("RUN \(command.text)"))
    } else {
      guard case .unnamedStage = DescribedOrigin(description), let end = description.firstIndex(of: "]") else {
        return nil
      }
      self = .lastStep(Self.short(description[end...].dropFirst().drop { $0 == " " }))
    }
  }

  /// As much of a step as tells it from others.
  private static func short(_ step: some StringProtocol) -> String {
    let most = 60
    let head = step.prefix(most)
    return head.endIndex == step.endIndex ? String(head) : head + "…"
  }

  private static func isNumber(_ word: Substring) -> Bool {
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }

  /// An image's name as people write it: without the registry and the library that are meant anyway, and without the
  /// digest where there is a tag.
  private static func familiarName(_ name: Substring) -> String {
    var name = name
    for known in ["docker.io/", "library/"] where name.hasPrefix(known) { name = name.dropFirst(known.count) }
    guard let at = name.firstIndex(of: "@") else { return String(name) }
    let tagged = name[..<at]
    let isTagged = tagged.split(separator: "/").last?.contains(":") == true
    return String(isTagged ? tagged : name)
  }
}

/// The command that a record was made by, where its description tells it; a cache mount is known by it to belong to the
/// step that used it first.
struct DescribedCommand: Hashable {
  /// The command, without its shell.
  let text: Substring
  /// Whether it is a cache mount's, rather than that of the step itself.
  let isOfCacheMount: Bool

  /// Reads a description; nothing where it tells no command.
  init?(_ description: String) {
    let bytes = description.utf8
    isOfCacheMount = bytes.starts(with: "cached mount ".utf8)
    if isOfCacheMount || bytes.starts(with: "mount ".utf8) {
      guard let start = Self.end(of: " from exec ", in: bytes) else { return nil }
      text = Self.plain(Self.withoutID(description[start...]))
    } else {
      guard bytes.first == UInt8(ascii: "["), let start = Self.end(of: "] RUN ", in: bytes) else { return nil }
      text = Self.plain(Self.withoutFlags(description[start...]))
    }
  }

  static func == (a: DescribedCommand, b: DescribedCommand) -> Bool { a.text == b.text }
  func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// The place behind the first such words.
  private static func end(of words: String, in text: String.UTF8View) -> String.Index? {
    let wanted = words.utf8
    guard let first = wanted.first else { return nil }
    var rest = text[...]
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: wanted) { return rest.index(start, offsetBy: wanted.count) }
      rest = rest.dropFirst()
    }
    return nil
  }

  /// Without the name that a cache mount was given.
  private static func withoutID(_ text: Substring) -> Substring {
    guard text.last == "\"", let start = text.range(ofLast: " with id \"") else { return text }
    return text[..<start]
  }

  /// Without what a Dockerfile's RUN says of its mounts.
  private static func withoutFlags(_ text: Substring) -> Substring {
    var text = text
    while text.hasPrefix("--"), let end = text.firstIndex(of: " ") { text = text[end...].drop { $0 == " " } }
    return text
  }

  /// Without the shell that runs it unless another is named.
  private static func plain(_ text: Substring) -> Substring {
    let shell = "/bin/sh -c "
    return text.hasPrefix(shell) ? text.dropFirst(shell.count) : text
  }
}

extension Substring {
  /// Where the last such words begin.
  fileprivate func range(ofLast words: String) -> Index? {
    var found: Index?
    var rest = self
    while let start = rest.utf8.firstIndex(of: words.utf8.first ?? 0) {
      rest = rest[start...]
      if rest.utf8.starts(with: words.utf8) { found = start }
      rest = rest[rest.utf8.index(after: start)...]
    }
    return found
  }
}
