import BuildCache

/// A record's short name, made of its description: what tells it from others, and what it is besides.
///
/// A description begins with what many have alike: the place in a Dockerfile, the words `cached mount`, a registry. The
/// name begins with the step's command, the mount's target, the image.
public struct RecordName: Sendable, Equatable {
  /// What tells it from others: `RUN npm ci`, `/root/.cache`, `node:20`. Empty where there is no description.
  public let head: String
  /// What it is besides: `[web 5/8]`, `cache mount of RUN npm ci`, `pulled`. Often empty.
  public let context: String

  /// The name of a record with a description, which may be any text. What is made of it may hold any character, too, but
  /// no line breaks, and blanks only one by one.
  ///
  /// - Complexity: O(1): of a description longer than ``mostBytes`` the beginning is taken.
  public init(_ description: String) {
    let scalars = description.unicodeScalars
    let text = description.utf8.count > Self.mostBytes ? String(scalars.prefix(Self.mostBytes / 4)) : description
    let plain = text.isPlain ? text : text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let parts = Self.parts(plain)
    // What nothing stands before is the name, whatever it is.
    (head, context) = parts.head.isEmpty ? (plain, "") : (withShortDigests(parts.head), parts.context)
  }

  /// More of a description says nothing in a list.
  static let mostBytes = 4096

  /// Both parts, two blanks between them.
  public var text: String { context.isEmpty ? head : "\(head)  \(context)" }

  /// The head for a sentence: cut after some characters.
  ///
  /// - Parameter sign: shows that it was cut.
  public func short(cutSign sign: Character = "…") -> String {
    let most = 40
    let shown = head.prefix(most)
    guard shown.endIndex < head.endIndex else { return head }
    // At a blank, where one is near.
    if let blank = shown.lastIndex(of: " "), case let words = shown[..<blank], words.count > most / 2 {
      return words + String(sign)
    }
    return shown.dropLast() + String(sign)
  }
}

extension CacheState.Row {
  /// The record in a sentence: its id, and its name where it has one: `k2v9q1m0 (RUN npm ci)`.
  ///
  /// - Parameters:
  ///   - id: the id as it is written there; absent: all of it.
  ///   - sign: shows that the name was cut.
  public func named(id: String? = nil, cutSign sign: Character = "…") -> String {
    RecordName(description).named(id ?? self.id.text, cutSign: sign)
  }
}

extension UsageRow {
  /// The same of a row as JSON has it.
  func named() -> String { RecordName(description).named(id.text, cutSign: "…") }
}

extension RecordName {
  fileprivate func named(_ id: String, cutSign sign: Character) -> String {
    let name = short(cutSign: sign)
    return id + (name.isEmpty ? "" : " (\(name))")
  }
}

// MARK: - What builders write

extension RecordName {
  private typealias Parts = (head: String, context: String)

  private static func parts(_ text: String) -> Parts {
    if let step = step(text[...]) { return step }
    // A folder that was put in is known by its name.
    if text.first == "/", !text.contains(" "), let name = text.dividedAtLast("/")?.1, !name.isEmpty {
      return (String(name), text)
    }
    if let image = text.after("pulled from ") { return (familiar(image), "pulled") }
    // Docker's graph drivers name only the topmost layer's image.
    if text == "from local" { return ("local image", "") }
    if let image = text.after("from local ") { return (familiar(image), "local image") }
    if let mount = text.after("cached mount ") { return cacheMount(mount) }
    if let mount = text.after("mount "), let (target, command) = mount.divided(by: " from exec ") {
      return target == "/" ? (run(command), "") : (String(target), "mount of " + run(command))
    }
    if let name = text.after("local source for ") { return ("local \(name)", "") }
    if let address = text.after("http url ") { return download(address) }
    if let address = text.after("shared git repo for ") { return (withoutScheme(address), "git repo") }
    if let address = text.after("git snapshot for ") { return (withoutScheme(address), "git checkout") }
    if let sides = text.after("diff \""), sides.last == "\"",
      let (lower, upper) = sides.dropLast().divided(by: "\" -> \"")
    {
      return ("diff \"\(lower.prefix(8))\" -> \"\(upper.prefix(8))\"", "")
    }
    return (text, "")
  }

  /// A step of a Dockerfile: `[web 5/8] RUN npm ci`.
  private static func step(_ text: Substring) -> Parts? {
    guard text.first == "[", let end = text.firstIndex(of: "]") else { return nil }
    let rest = text[text.index(after: end)...]
    guard rest.first == " ", rest.count > 1, text.index(after: text.startIndex) < end else { return nil }
    let (head, flags) = withoutFlags(rest.dropFirst())
    return (head, ([String(text[...end])] + flags).joined(separator: " "))
  }

  /// An instruction without the flags that many have alike; where something is copied from tells it from others.
  private static func withoutFlags(_ instruction: Substring) -> (String, flags: [String]) {
    var words = instruction.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count > 2, words[0].allSatisfy(\.isUppercase) else { return (String(instruction), []) }
    let flags = words.dropFirst().prefix { $0.hasPrefix("--") }
    guard flags.count + 1 < words.count else { return (String(instruction), []) }
    let isTelling = { (flag: Substring) in flag.hasPrefix("--from=") }
    words.replaceSubrange(1..<(1 + flags.count), with: flags.filter(isTelling))
    return (words.joined(separator: " "), flags.filter { !isTelling($0) }.map(String.init))
  }

  /// A cache mount, which is known by its target, or by an id of its own: `/c from exec npm ci with id "web"`.
  private static func cacheMount(_ text: Substring) -> Parts {
    var text = text
    var id = ""
    if text.last == "\"", let (before, quoted) = text.dividedAtLast(" with id \"") {
      text = before
      id = String(quoted.dropLast())
    }
    let (target, command) = text.divided(by: " from exec ") ?? (text.before(" from exec") ?? text, "")
    // A frontend puts its own before the id; the target is what an id is by default.
    let own = id.drop { $0 == "/" }
    let isDefault = own == target.drop { $0 == "/" }
    return (
      target + (own.isEmpty || isDefault ? "" : " id \(own)"),
      command.isEmpty ? "cache mount" : "cache mount of " + run(command)
    )
  }

  /// A command as a Dockerfile has it: without the shell that runs it.
  private static func run(_ command: Substring) -> String {
    let words = command.split(separator: " ", maxSplits: 7)
    var place = 0
    while place < words.count, shells.contains(program(words[place])) { place += 1 }
    guard place > 0 else { return "RUN \(command)" }
    while place + 1 < words.count, words[place].first == "-" || words[place].first == "/" && words[place].count == 2 {
      let option = words[place].lowercased()
      place += option == "-o" ? 2 : 1
      // `-c`, or a few letters of which it is the last: `-exc`; others have `/C` and `-Command`.
      if option == "/c" || option == "-command" || option.last == "c" && option.count < 8 {
        return "RUN \(words[place...].joined(separator: " "))"
      }
    }
    return "RUN \(command)"
  }

  private static let shells: Set<Substring> = [
    "sh", "ash", "bash", "dash", "zsh", "busybox", "cmd", "powershell", "pwsh",
  ]

  /// A program's name without its folder.
  private static func program(_ word: Substring) -> Substring {
    let name = word.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
    return name.before(".exe") ?? name
  }

  /// An image as people call it: without the registry and folder that Docker takes where none is named.
  private static func familiar(_ image: Substring) -> String {
    let name = image.after("docker.io/library/") ?? image.after("docker.io/") ?? image
    return String(name.isEmpty ? image : name)
  }

  /// What came from an address is known by its last part.
  private static func download(_ address: Substring) -> Parts {
    let path = address.prefix { $0 != "?" && $0 != "#" }
    guard let file = withoutScheme(path)[...].dividedAtLast("/")?.1, !file.isEmpty else {
      return (String(address), "download")
    }
    return (String(file), "from \(address)")
  }

  private static func withoutScheme(_ address: Substring) -> String {
    String(address.divided(by: "://")?.1 ?? address)
  }
}

/// A text with its digests as short as Docker shows them.
private func withShortDigests(_ text: String) -> String {
  guard text.utf8.contains(UInt8(ascii: ":")), text.contains("sha256:") else { return text }
  let (whole, shown) = (64, 12)
  var parts = text.split(separator: "sha256:", omittingEmptySubsequences: false).map { $0[...] }
  for place in parts.indices.dropFirst() {
    let digits = parts[place].prefix { $0.isHexDigit }
    if digits.count == whole { parts[place] = digits.prefix(shown) + parts[place][digits.endIndex...] }
  }
  return parts.joined(separator: "sha256:")
}

extension String {
  /// Whether it is ASCII in which blanks stand one by one, as nearly all descriptions are: names are made for every row
  /// of a frame.
  fileprivate var isPlain: Bool {
    let blank = UInt8(ascii: " ")
    var before = blank
    for byte in utf8 {
      guard (blank..<0x7F).contains(byte), byte != blank || before != blank else { return false }
      before = byte
    }
    return before != blank
  }
}

extension StringProtocol where SubSequence == Substring {
  /// What stands after a beginning, where it begins so.
  fileprivate func after(_ beginning: String) -> Substring? {
    hasPrefix(beginning) ? self[index(startIndex, offsetBy: beginning.count)...] : nil
  }

  /// What stands before an end, where it ends so.
  fileprivate func before(_ end: String) -> Substring? {
    hasSuffix(end) ? self[..<index(endIndex, offsetBy: -end.count)] : nil
  }

  /// What stands before and after the first place of a mark.
  fileprivate func divided(by mark: String) -> (Substring, Substring)? {
    self[...].firstRange(of: mark).map { (self[..<$0.lowerBound], self[$0.upperBound...]) }
  }

  /// What stands before and after the last place of a mark.
  fileprivate func dividedAtLast(_ mark: String) -> (Substring, Substring)? {
    self[...].ranges(of: mark).last.map { (self[..<$0.lowerBound], self[$0.upperBound...]) }
  }
}
