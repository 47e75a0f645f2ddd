import BuildCache
import Explorer

/// A flag that holds until the command line says otherwise.
struct StandingFlag: Equatable {
  /// As it is typed, such as `--color`.
  let name: String
  /// What follows it; absent where nothing does.
  let value: String?
  /// Where it stands: a file and its line, or a variable.
  let place: String
}

/// Flags of the configuration file and of `STRATA_OPTS`: read, checked, and put before what is typed.
struct StandingFlags {
  private(set) var flags: [StandingFlag] = []

  /// Flags that stand nowhere but on the command line, and why.
  private static let refused: [(names: [String], why: String)] = [
    (["--yes", "--repair"], "what can't be undone is asked for each time"),
    (["--all"], "what a prune may take besides is said each time"),
    (
      [
        "--root", "--from", "--buildkit-root", "--worker", "--buildctl", "--buildctl-addr", "--docker",
        "--docker-socket", "--builder",
      ], "which cache is meant is said on the command line, or by STRATA_ROOT"
    ),
    (["--keys", "--print"], "keys are played where they are typed"),
    (["--help", "-h", "--version", "--ignore-config"], "it is for the command line"),
  ]

  /// No flags.
  init() {}

  /// Reads a configuration file: one flag a line, its value behind a blank or `=`; `key NEW=OLD`; `#` begins a comment.
  ///
  /// - Throws: ``CacheError`` `badInput` naming file and line.
  init(lines text: String, of file: String, _ catalog: FlagCatalog) throws(CacheError) {
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = line.trimmed
      guard !line.isEmpty, line.first != "#" else { continue }
      let place = "\(file):\(number + 1)"
      let end = line.firstIndex { $0 == " " || $0 == "\t" || $0 == "=" } ?? line.endIndex
      let name = String(line[..<end])
      let rest = line[end...].drop { $0 == " " || $0 == "\t" }
      let value = (rest.first == "=" && line[end...].first == "=" ? rest.dropFirst() : rest).trimmed
      if name == "key" {
        guard !value.isEmpty else { throw CacheError(.badInput, "\(place): write key NEW=OLD, for instance key ^P=p") }
        flags.append(StandingFlag(name: "--key", value: value, place: place))
        continue
      }
      guard name.hasPrefix("-") else {
        throw CacheError(.badInput, "\(place): \(name) is no flag: write one a line, such as --mouse, or key ^P=p")
      }
      let hasValue = end != line.endIndex
      try add(StandingFlag(name: name, value: hasValue ? value : nil, place: place), catalog)
    }
  }

  /// Reads a variable: the words of a command line.
  ///
  /// - Throws: ``CacheError`` `badInput` naming it.
  init(words text: String, of variable: String, _ catalog: FlagCatalog) throws(CacheError) {
    var words = try shellWords(text, of: variable)[...]
    while let word = words.popFirst() {
      guard word.hasPrefix("-"), word != "-", word != "--" else {
        throw CacheError(.badInput, "\(variable): \(word) is no flag: commands and names are for the command line")
      }
      let name = String(word.prefix { $0 != "=" })
      var value = word == name ? nil : String(word.dropFirst(name.count + 1))
      if value == nil, catalog.kind(of: name) == .value { value = words.popFirst() }
      try add(StandingFlag(name: name, value: value, place: variable), catalog)
    }
  }

  private mutating func add(_ flag: StandingFlag, _ catalog: FlagCatalog) throws(CacheError) {
    func error(_ words: String) -> CacheError { CacheError(.badInput, "\(flag.place): \(flag.name)\(words)") }
    if let refused = Self.refused.first(where: { $0.names.contains(flag.name) }) {
      throw error(" stands on the command line only: \(refused.why)")
    }
    switch catalog.kind(of: flag.name) {
    case nil: throw error(": no command knows this flag")
    case .alone where flag.value != nil: throw error(" has no value")
    case .value where flag.value == nil: throw error(" wants a value")
    default: flags.append(flag)
    }
  }

  /// These flags and others that count more: of a flag that both have only those of the others hold.
  func overridden(by others: StandingFlags) -> StandingFlags {
    var result = self
    result.flags.removeAll { flag in others.flags.contains { $0.name == flag.name } }
    result.flags += others.flags
    return result
  }

  /// Checks changes of keys, which only mean something together.
  ///
  /// - Throws: ``CacheError`` `badInput` naming where the wrong one stands.
  func checkKeys() throws(CacheError) {
    let keys = flags.filter { $0.name == "--key" }
    do {
      _ = try KeyMap(keys.map { $0.value ?? "" })
    } catch {
      throw CacheError(.badInput, "\(keys[error.change].place): \(error.description)")
    }
  }

  /// Puts them before what was typed, as far as the command knows them and nothing typed says otherwise.
  ///
  /// - Parameter typed: the command line without the program's name.
  /// - Returns: the whole command line, and which flags were put into it.
  func putting(before typed: [String], _ catalog: FlagCatalog) -> (words: [String], flags: [StandingFlag]) {
    let named = typed.first.flatMap { catalog.commands[$0] }
    let known = named ?? catalog.commands[catalog.standard] ?? [:]
    let options = typed.prefix { $0 != "--" }
    let used = flags.filter { flag in
      known[flag.name] != nil && !options.contains { $0 == flag.name || $0.hasPrefix(flag.name + "=") }
    }
    let words = used.map { flag in flag.value.map { "\(flag.name)=\($0)" } ?? flag.name }
    return ((named == nil ? [] : [typed[0]]) + words + typed.dropFirst(named == nil ? 0 : 1), used)
  }
}

extension Substring {
  /// Without blanks at its ends.
  fileprivate var trimmed: String {
    var text = self
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
  }
}
