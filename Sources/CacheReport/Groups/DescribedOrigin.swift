/// What a record's description tells of where it comes from.
///
/// Every record of a list is asked, so descriptions are looked at byte by byte, and texts are made of what is found only.
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
    var description = description
    guard let origin = description.withUTF8({ Self.origin(in: $0[...]) }) else { return nil }
    self = origin
  }

  private static func origin(in bytes: Bytes) -> DescribedOrigin? {
    if bytes.first == UInt8(ascii: "[") { return step(in: bytes) }
    guard let name = bytes.rest(after: "pulled from "), !name.isEmpty else { return nil }
    return .image(familiarName(name))
  }

  /// What stands in the brackets: a platform, a stage, the step's number and how many there are. What has no number is
  /// no step, but something that the build did for itself.
  private static func step(in bytes: Bytes) -> DescribedOrigin? {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
    let inside = bytes[..<end].dropFirst()
    let space = UInt8(ascii: " ")
    let numberStart = inside.lastIndex(of: space).map { $0 + 1 } ?? inside.startIndex
    guard isNumber(inside[numberStart...]) else { return nil }
    var name = inside[..<numberStart]
    while name.last == space { name.removeLast() }
    let first = name.prefix { $0 != space }
    if first.contains(UInt8(ascii: "/")) { name = name[first.endIndex...].drop { $0 == space } }
    if let number = name.rest(after: "stage-"), !number.isEmpty, number.allSatisfy(\.isDigit) { return .unnamedStage }
    return name.isEmpty ? .unnamedStage : .stage(name.text)
  }

  /// Whether it is `5/8`.
  private static func isNumber(_ word: Bytes) -> Bool {
    guard let slash = word.firstIndex(of: UInt8(ascii: "/")) else { return false }
    let (number, count) = (word[..<slash], word[(slash + 1)...])
    return !number.isEmpty && !count.isEmpty && number.allSatisfy(\.isDigit) && count.allSatisfy(\.isDigit)
  }

  /// An image's name as people write it: without the registry and the library that are meant anyway, and without the
  /// digest where there is a tag.
  private static func familiarName(_ name: Bytes) -> String {
    var name = name.rest(after: "docker.io/") ?? name
    name = name.rest(after: "library/") ?? name
    guard let at = name.firstIndex(of: UInt8(ascii: "@")) else { return name.text }
    let tagged = name[..<at]
    let last = tagged.lastIndex(of: UInt8(ascii: "/")).map { tagged[$0...] } ?? tagged
    return last.contains(UInt8(ascii: ":")) ? tagged.text : name.text
  }

  /// Takes a record for the last step of a Dockerfile; nothing where it is no step.
  init?(lastStep description: String) {
    if let command = DescribedCommand(description) {
      guard !command.isOfCacheMount else { return nil }
      self = .lastStep(Self.short("RUN " + command.text))
    } else {
      guard case .unnamedStage = DescribedOrigin(description),
        let end = description.utf8.firstIndex(of: UInt8(ascii: "]"))
      else { return nil }
      self = .lastStep(Self.short(String(description[end...].dropFirst().drop { $0 == " " })))
    }
  }

  /// As much of a step as tells it from others.
  private static func short(_ step: String) -> String {
    let most = 60
    guard step.utf8.count > most else { return step }
    let head = step.prefix(most)
    return head.endIndex == step.endIndex ? step : head + "…"
  }
}

/// The command that a record was made by, where its description tells it; a cache mount is known by it to belong to the
/// step that used it first.
struct DescribedCommand: Hashable {
  /// The command, without its shell.
  let text: String
  /// Whether it is a cache mount's, rather than that of the step itself.
  let isOfCacheMount: Bool

  /// Reads a description; nothing where it tells no command.
  init?(_ description: String) {
    var description = description
    guard let (text, isOfCacheMount) = description.withUTF8({ Self.command(in: $0[...]) }) else { return nil }
    (self.text, self.isOfCacheMount) = (text, isOfCacheMount)
  }

  static func == (a: DescribedCommand, b: DescribedCommand) -> Bool { a.text == b.text }
  func hash(into hasher: inout Hasher) { hasher.combine(text) }

  private static func command(in bytes: Bytes) -> (String, isOfCacheMount: Bool)? {
    let isOfCacheMount = bytes.rest(after: "cached mount ") != nil
    let command: Bytes
    if isOfCacheMount || bytes.rest(after: "mount ") != nil {
      guard let found = bytes.rest(afterFirst: " from exec ") else { return nil }
      command = withoutID(found)
    } else {
      guard bytes.first == UInt8(ascii: "["), let found = bytes.rest(afterFirst: "] RUN ") else { return nil }
      command = withoutFlags(found)
    }
    // Another shell than the usual one is a part of it.
    return ((command.rest(after: "/bin/sh -c ") ?? command).text, isOfCacheMount)
  }

  /// Without the name that a cache mount was given.
  private static func withoutID(_ bytes: Bytes) -> Bytes {
    let words: StaticString = " with id \""
    guard bytes.last == UInt8(ascii: "\"") else { return bytes }
    let start = bytes.indices.last { bytes[$0] == UInt8(ascii: " ") && bytes[$0...].rest(after: words) != nil }
    return start.map { bytes[..<$0] } ?? bytes
  }

  /// Without what a Dockerfile's RUN says of its mounts.
  private static func withoutFlags(_ bytes: Bytes) -> Bytes {
    var bytes = bytes
    let space = UInt8(ascii: " ")
    while bytes.rest(after: "--") != nil, let end = bytes.firstIndex(of: space) {
      bytes = bytes[end...].drop { $0 == space }
    }
    return bytes
  }
}

private typealias Bytes = UnsafeBufferPointer<UInt8>.SubSequence

extension UnsafeBufferPointer<UInt8>.SubSequence {
  /// The bytes as text.
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }

  /// What comes after words that it begins with.
  fileprivate func rest(after words: StaticString) -> Self? {
    let length = words.utf8CodeUnitCount
    guard count >= length, words.withUTF8Buffer({ prefix(length).elementsEqual($0) }) else { return nil }
    return dropFirst(length)
  }

  /// What comes after the first such words.
  fileprivate func rest(afterFirst words: StaticString) -> Self? {
    let first = words.withUTF8Buffer { $0.first }
    var rest = self
    while let start = rest.firstIndex(where: { $0 == first }) {
      rest = rest[start...]
      if let found = rest.rest(after: words) { return found }
      rest = rest.dropFirst()
    }
    return nil
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
