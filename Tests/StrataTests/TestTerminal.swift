import Foundation
import Testing

/// A terminal in which a shell runs: tmux, without its user's settings.
struct TestTerminal {
  private let socket = "strata-test-\(UUID().uuidString)"

  /// Opens a window with a shell, and closes it after the body, whatever happened.
  static func open(
    columns: Int = 100, rows: Int = 24, environment: [String: String] = [:],
    _ body: (TestTerminal) async throws -> Void
  ) async throws {
    let terminal = TestTerminal()
    let settings = Program.environment(environment).map { "\($0)=\($1)" }
    try await terminal.tmux(
      ["-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "env", "-i"] + settings
        + ["TERM=screen", "PS1=ready> ", "sh"])
    do {
      try await terminal.waitFor("ready>")
      try await body(terminal)
    } catch {
      try await terminal.tmux(["kill-server"])
      throw error
    }
    try await terminal.tmux(["kill-server"])
  }

  @discardableResult
  func tmux(_ arguments: [String]) async throws -> String {
    let result = try await Program.tool("tmux", ["-u", "-L", socket] + arguments)
    #expect(result.code == 0, "tmux \(arguments): \(result.errors)")
    return result.output
  }

  /// Types a command line and Enter.
  func type(_ line: String) async throws {
    try await tmux(["send-keys", "-l", line])
    try await press("Enter")
  }

  /// Presses keys by tmux's names.
  func press(_ keys: String...) async throws {
    try await tmux(["send-keys"] + keys)
  }

  /// Waits until the screen says something and two looks at it are alike, so that it is not half drawn: a condition, not
  /// a time. It gives up after as many looks as take minutes.
  @discardableResult
  func waitFor(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    var last = ""
    for _ in 0..<20_000 {
      let screen = try await tmux(["capture-pane", "-p"])
      if screen.contains(text) && screen == last { return last }
      last = screen
    }
    Issue.record("the screen never said \"\(text)\"; it says\n\(last)", sourceLocation: sourceLocation)
    throw CancellationError()
  }
}
