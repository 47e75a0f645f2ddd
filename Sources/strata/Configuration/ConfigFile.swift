import BuildCache
import Foundation
import Glibc

/// Where flags that hold until the command line says otherwise are looked for.
enum ConfigFile {
  /// More is no configuration.
  private static let mostBytes = 1 << 20

  /// The file: below `$XDG_CONFIG_HOME`, else below `~/.config`; nothing where neither is known.
  static func path(_ environment: (String) -> String?) -> String? {
    // What is no whole path means nothing there, as the rules of these folders say.
    if let folder = environment("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return folder + "/strata/config" }
    return environment("HOME").flatMap { $0.isEmpty ? nil : $0 + "/.config/strata/config" }
  }

  /// Reads it.
  ///
  /// - Returns: its text; nothing where there is no such file.
  /// - Throws: ``CacheError`` `storage` where it can't be read, `badInput` where it is no text.
  static func text(of path: String) throws(CacheError) -> String? {
    // A pipe that nobody writes to would never open.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw CacheError(
        .storage, "can't read \(path), which --ignore-config does without", cause: String(cString: strerror(errno)))
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let bytes: Data
    do {
      bytes = try file.read(upToCount: mostBytes + 1) ?? Data()
    } catch {
      throw CacheError(.storage, "can't read \(path)", cause: error.localizedDescription)
    }
    guard bytes.count <= mostBytes else { throw CacheError(.badInput, "\(path): more than 1 MiB is no configuration") }
    guard let text = String(bytes: bytes, encoding: .utf8) else {
      throw CacheError(.badInput, "\(path): it is no text in UTF-8")
    }
    return text
  }

  /// The flags of the file and of `STRATA_OPTS`, which counts more, with those that there are; nothing where neither has
  /// any.
  ///
  /// - Throws: ``CacheError`` naming where a flag is wrong.
  static func flags(_ environment: (String) -> String?) throws(CacheError) -> (StandingFlags, FlagCatalog)? {
    let words = environment("STRATA_OPTS") ?? ""
    let path = path(environment)
    let text: String? = if let path { try text(of: path) } else { nil }
    // Most have neither, and the parser takes its time to tell what it knows.
    guard !words.isEmpty || text != nil else { return nil }
    let catalog = FlagCatalog(Strata.self)
    let file = try StandingFlags(lines: text ?? "", of: path ?? "", catalog)
    let flags = file.overridden(by: try StandingFlags(words: words, of: "STRATA_OPTS", catalog))
    try flags.checkKeys()
    return (flags, catalog)
  }
}

/// A command line with what stands for it elsewhere.
struct CommandLineWords {
  /// What the parser gets.
  let words: [String]
  /// The flags in it that were not typed.
  let standing: [StandingFlag]

  /// Puts standing flags before what was typed; `--ignore-config` keeps them out, and so does asking for help.
  init(_ typed: [String], environment: (String) -> String?) throws(CacheError) {
    let options = typed.prefix { $0 != "--" }
    let asksForHelp =
      typed.first == "help"
      || options.contains { word in
        ["-h", "--help", "--help-hidden", "--version"].contains(word)
          || ["--generate-completion-script", "--experimental-dump-help"].contains { word.hasPrefix($0) }
      }
    guard !asksForHelp, !options.contains("--ignore-config") else {
      words = options.filter { $0 != "--ignore-config" } + typed.dropFirst(options.count)
      standing = []
      return
    }
    guard let (flags, catalog) = try ConfigFile.flags(environment) else {
      (words, standing) = (typed, [])
      return
    }
    (words, standing) = flags.putting(before: typed, catalog)
  }

  /// What is said besides of an error that names a flag which was not typed.
  func remarks(on message: String) -> [String] {
    standing.filter { message.contains($0.name) || ($0.value.map { !$0.isEmpty && message.contains($0) } ?? false) }
      .map { "\($0.name) stands in \($0.place)" }
  }
}
