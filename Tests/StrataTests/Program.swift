import Foundation
import Subprocess
import SystemPackage
import Testing

/// The built program, run as a user would run it.
enum Program {
  struct Result {
    /// The exit code, or 128 and the number of the signal that ended it, as a shell says it.
    let code: Int32
    let output: String
    let errors: String
  }

  /// Where the program was built: beside the tests.
  static var path: FilePath {
    get throws {
      let tests = try #require(Bundle.main.executableURL)
      return FilePath(tests.deletingLastPathComponent().path).appending("strata")
    }
  }

  /// An environment that says the same on every machine.
  static func environment(_ more: [String: String] = [:]) -> [String: String] {
    var environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent",
    ]
    environment.merge(more) { $1 }
    return environment
  }

  /// Runs it to its end, without a terminal.
  static func run(
    _ arguments: [String], input: String = "", environment more: [String: String] = [:]
  ) async throws -> Result {
    try await run(.path(try path), arguments, input: input, environment: more)
  }

  /// Runs one of the system's tools to its end.
  static func tool(_ name: String, _ arguments: [String]) async throws -> Result {
    try await run(.name(name), arguments, input: "", environment: [:])
  }

  private static func run(
    _ executable: Executable, _ arguments: [String], input: String, environment more: [String: String]
  ) async throws -> Result {
    let variables = environment(more).map { (Environment.Key(stringLiteral: $0.key), $0.value) }
    let result = try await Subprocess.run(
      executable, arguments: Arguments(arguments),
      environment: .custom(Dictionary(uniqueKeysWithValues: variables)), input: .string(input),
      output: .string(limit: 1 << 24), error: .string(limit: 1 << 20))
    let code: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return Result(code: code, output: result.standardOutput, errors: result.standardError)
  }
}
