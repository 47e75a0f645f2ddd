import ArgumentParser
import Foundation

/// The flags that each command knows, as the parser itself tells them.
struct FlagCatalog {
  /// What follows a flag.
  enum Kind: Equatable {
    /// Nothing.
    case alone
    /// A value.
    case value
  }

  /// For each command its flags, as they are typed, and what follows each.
  private(set) var commands: [String: [String: Kind]] = [:]
  /// The command that is meant where none is named.
  private(set) var standard = ""

  /// Asks a command and those beneath it.
  init(_ command: (some ParsableCommand).Type) {
    guard let tool = try? JSONDecoder().decode(Tool.self, from: Data(command._dumpHelp().utf8)) else { return }
    standard = command.configuration.defaultSubcommand?._commandName ?? ""
    for command in tool.command.subcommands ?? [] {
      commands[command.commandName] = Dictionary(
        (command.arguments ?? []).filter { $0.kind != "positional" }.flatMap { argument in
          (argument.names ?? []).map {
            (($0.kind == "long" ? "--" : "-") + $0.name, argument.kind == "option" ? Kind.value : .alone)
          }
        }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// What follows a flag, on any command; nothing where none knows it.
  func kind(of flag: String) -> Kind? { commands.values.lazy.compactMap { $0[flag] }.first }

  private struct Tool: Decodable {
    let command: Command
  }

  private struct Command: Decodable {
    let commandName: String
    let subcommands: [Command]?
    let arguments: [Argument]?
  }

  private struct Argument: Decodable {
    let kind: String
    let names: [Name]?
  }

  private struct Name: Decodable {
    let kind: String
    let name: String
  }
}
