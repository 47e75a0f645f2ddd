import Foundation
import Terminal
import Testing

/// Compares a screen with the one that was looked at and kept, in `Screens`.
///
/// `STRATA_RECORD=1` writes the screens anew; such a run fails, so that nobody takes it for a test.
func expectScreen(_ grid: Grid, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens/\(name).txt")
  if ProcessInfo.processInfo.environment["STRATA_RECORD"] != nil {
    try Data((grid.text + "\n").utf8).write(to: file)
    Issue.record("recorded \(name)", sourceLocation: sourceLocation)
    return
  }
  let expected = try String(contentsOf: file, encoding: .utf8)
  #expect(grid.text + "\n" == expected, sourceLocation: sourceLocation)
}
