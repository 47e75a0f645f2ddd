import Foundation
import Subprocess
import SystemPackage
import TestSupport
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

  /// Runs a copy of it as somebody whom permissions mean, where tests run as root; nothing where root can't become one.
  ///
  /// - Parameter folder: where the copy is made.
  static func runAsNobody(_ arguments: [String], in folder: FilePath) async throws -> Result? {
    guard geteuid() == 0 else { return try await run(arguments) }
    guard isInstalled("setpriv") else { return nil }
    let copy = folder.appending("strata").string
    if !FileManager.default.fileExists(atPath: copy) {
      try FileManager.default.copyItem(atPath: path.string, toPath: copy)
    }
    return try await tool(
      "setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", copy] + arguments)
  }

  /// Runs one of the system's tools to its end.
  static func tool(_ name: String, _ arguments: [String]) async throws -> Result {
    try await run(.name(name), arguments, input: "", environment: [:])
  }

  /// Where output gets lost.
  enum Nowhere: String, CaseIterable {
    /// A pipe that nobody reads any more.
    case closedPipe = "Broken pipe"
    /// A disk that is full.
    case fullDisk = "No space left on device"

    fileprivate func descriptor() throws -> FileDescriptor {
      switch self {
      case .fullDisk: return try FileDescriptor.open("/dev/full", .writeOnly)
      case .closedPipe:
        let ends = try FileDescriptor.pipe()
        try ends.readEnd.close()
        return ends.writeEnd
      }
    }
  }

  /// Runs it to its end, its output lost.
  static func run(_ arguments: [String], into nowhere: Nowhere) async throws -> Result {
    let result = try await Subprocess.run(
      .path(try path), arguments: Arguments(arguments), environment: .custom(variables()),
      output: .fileDescriptor(try nowhere.descriptor(), closeAfterSpawningProcess: true),
      error: .string(limit: 1 << 20))
    return Result(code: code(of: result.terminationStatus), output: "", errors: result.standardError)
  }

  private static func variables(_ more: [String: String] = [:]) -> [Environment.Key: String] {
    Dictionary(uniqueKeysWithValues: environment(more).map { (Environment.Key(stringLiteral: $0.key), $0.value) })
  }

  private static func code(of status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }

  private static func run(
    _ executable: Executable, _ arguments: [String], input: String, environment more: [String: String]
  ) async throws -> Result {
    let result = try await Subprocess.run(
      executable, arguments: Arguments(arguments),
      environment: .custom(variables(more)), input: .string(input),
      output: .string(limit: 1 << 24), error: .string(limit: 1 << 20))
    return Result(
      code: code(of: result.terminationStatus), output: result.standardOutput, errors: result.standardError)
  }
}
