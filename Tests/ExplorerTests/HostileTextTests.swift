import BuildCache
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// Text that means harm, or is just unlike any that a terminal likes.
private let hostile = [
  "\u{1b}[31mred\u{1b}]52;c;aGk=\u{7}", "a\u{0}b\u{8}\u{7f}c\r\nd\te", "\u{202e}desrever\u{2066}\u{200f}",
  "zero\u{200b}\u{200d}\u{feff}width", "宽字符宽字符宽字符", "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}",
  "👨‍👩‍👧‍👦👍🏽🇩🇪", "\u{9b}31mC1\u{90}\u{9d}", String(decoding: [0x61, 0xff, 0xc3, 0x28, 0x80] as [UInt8], as: UTF8.self),
  String(repeating: "x", count: 10_000), String(repeating: "宽", count: 10_000), "\u{e000}\u{ad}",
]

@Suite("Hostile text") struct HostileTextTests {
  private var state: CacheState {
    var builder = CacheState.Builder()
    var below: [RecordID] = []
    for (number, text) in hostile.enumerated() {
      // Ids as hostile as the rest, and different.
      let id: RecordID = "\(number)\(text.prefix(200))"
      builder.add(
        row(id, Int64(number)) {
          $0.kind = below.isEmpty ? .base : .layer
          $0.description = text
          $0.recordType = RecordType(rawValue: text)
        }, parents: below)
      below = number % 5 == 4 ? [] : [id]
    }
    return builder.finish()
  }

  @Test("nothing of it reaches the grid raw, and the columns stay straight, on every screen")
  func everyScreen() async throws {
    for size in [Size(columns: 110, rows: 30), Size(columns: 170, rows: 40), Size(columns: 37, rows: 12)] {
      for script in ["", "2", "2jl", "p", "pjjw", "f", "Am", "i", "2i", "w", "d", "s", "sd", "y", "H", "/宽", "G", "?"] {
        let grid = try await play(script, on: MemoryCache(state), size: size)
        for row in 0..<size.rows {
          let cells = grid.row(row)
          let width = cells.reduce(0) { $0 + Int($1.width) }
          #expect(width == size.columns, "\(script): row \(row)")
          let isSafe = cells.allSatisfy { cell in
            cell.character.unicodeScalars.allSatisfy { scalar in
              switch scalar.properties.generalCategory {
              case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
              default: true
              }
            }
          }
          #expect(isSafe, "\(script): row \(row)")
        }
      }
    }
  }

  @Test("in ASCII too it is only ASCII that a terminal without UTF-8 gets for signs") func columns() async throws {
    // Units stand beneath each other in every row, whatever stands before them.
    let grid = try await play("", on: MemoryCache(state), size: Size(columns: 110, rows: 30))
    let end = try #require(grid.line(3).firstRange(of: "FREES")).upperBound
    let column = grid.line(3).distance(from: grid.line(3).startIndex, to: end) - 1
    for row in 4..<(4 + hostile.count) { #expect(grid[column, row].character == "B", "row \(row)") }
  }
}
