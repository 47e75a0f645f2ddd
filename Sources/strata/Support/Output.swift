import BuildCache
import Foundation
import Glibc
import SystemPackage
import Terminal

/// Tells a message of this program on standard error.
func printError(_ message: String) {
  writeError("strata: " + safeText(message))
}

/// Writes lines to standard error, made safe for a terminal. Nobody is told where that fails.
func writeError(_ text: String) {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { safeText(String($0)) + "\n" }
  _ = writeAll(Array(lines.joined().utf8), to: .standardError)
}

/// Writes a file of a name that is free in the current folder; no file is ever overwritten.
///
/// - Returns: its name, with a number where there was one already.
/// - Throws: ``CacheError`` `storage` naming it.
func writeNew(_ bytes: Data, named name: String, extension suffix: String) throws -> String {
  for number in 1...9999 {
    let file = "\(name)\(number == 1 ? "" : "-\(number)").\(suffix)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 && errno == EEXIST { continue }
    guard descriptor >= 0 else {
      throw CacheError(.storage, "can't write \(file)", cause: String(cString: strerror(errno)))
    }
    do {
      try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: bytes)
    } catch {
      unlink(file)
      throw CacheError(.storage, "can't write \(file)", cause: "\(error.localizedDescription)")
    }
    return file
  }
  throw CacheError(.storage, "there are 9999 files \(name) here already: move some away")
}

/// A table as text: columns as wide as their widest cell, the last one as it is. One cell that is wider than any honest
/// one stands as it is, and does not make all others so wide.
struct TextTable {
  /// A column's heading and side.
  struct Column {
    let title: String
    var isNumber = false
  }
  private let columns: [Column]
  private static let widest = 200
  private var rows: [[String]]

  init(_ columns: [Column]) {
    self.columns = columns
    rows = [columns.map { safeText($0.title) }]
  }

  /// Adds a row, its cells made safe for a terminal.
  mutating func add(_ cells: [String]) {
    rows.append(cells.map { safeText($0) })
  }

  /// The lines of the table, the headings first.
  var lines: [String] {
    let widths = columns.indices.map { column in min(Self.widest, rows.map { displayWidth($0[column]) }.max() ?? 0) }
    return rows.map { row in
      let cells = columns.indices.map { column in
        column == columns.count - 1 && !columns[column].isNumber || displayWidth(row[column]) > Self.widest
          ? row[column] : fitted(row[column], to: widths[column], from: columns[column].isNumber ? .right : .left)
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
