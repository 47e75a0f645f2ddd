import BuildCache
import CacheReport
import Foundation

/// Reads what `buildctl du --format '{{json .}}'` and `strata du --format json` print: an array of objects, or one
/// object a line.
public enum SavedDiskUsage {
  /// Reads a list.
  ///
  /// Keys that are not known are passed over; a parent that isn't listed is kept by its id.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: the file's name, for messages.
  /// - Throws: ``CacheError`` `badList`, naming the file, and the row or line.
  public static func read(_ bytes: [UInt8], name: String) throws(CacheError) -> [UsageRow] {
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]  // some editors put it before UTF-8
    let text = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    guard let first = text.first(where: { !isSpace($0) }) else {
      throw CacheError(.badList, "\(name) is empty: save it again with `buildctl du --format '{{json .}}'`")
    }
    var rows: [UsageRow]
    if first == UInt8(ascii: "[") {
      rows = try array(Data(text), name)
    } else {
      rows = try lines(text, name)
    }
    try check(&rows, name)
    return rows
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x9...0xd).contains(byte)
  }

  private static func array(_ data: Data, _ name: String) throws(CacheError) -> [UsageRow] {
    do {
      return try JSONDecoder().decode([UsageRow].self, from: data)
    } catch {
      throw explained(error, name, line: nil)
    }
  }

  private static func lines(_ text: ArraySlice<UInt8>, _ name: String) throws(CacheError) -> [UsageRow] {
    var rows: [UsageRow] = []
    let decoder = JSONDecoder()
    var number = 0
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard !line.allSatisfy(isSpace) else { continue }
      do {
        rows.append(try decoder.decode(UsageRow.self, from: Data(line)))
      } catch {
        throw explained(error, name, line: number)
      }
    }
    return rows
  }

  /// What would make a plan wrong: two rows of one id, a circle.
  private static func check(_ rows: inout [UsageRow], _ name: String) throws(CacheError) {
    guard rows.reduce(rows.count, { $0 + $1.parents.count }) < Int32.max else {
      throw CacheError(.badList, "\(name) has more than \(Int32.max) records and parents")
    }
    var numbers: [RecordID: Int] = Dictionary(minimumCapacity: rows.count)
    for (number, row) in rows.enumerated() {
      if let other = numbers.updateValue(number, forKey: row.id) {
        throw CacheError(.badList, "\(name): rows \(other + 1) and \(number + 1) have the same id \(row.id)")
      }
    }
    // Leaves are taken away until none is left: what is left then stands on itself.
    var children = [Int](repeating: 0, count: rows.count)
    for row in rows { for parent in row.parents { if let number = numbers[parent] { children[number] += 1 } } }
    var leaves = rows.indices.filter { children[$0] == 0 }
    var left = rows.count
    while let leaf = leaves.popLast() {
      left -= 1
      for parent in rows[leaf].parents {
        guard let number = numbers[parent] else { continue }
        children[number] -= 1
        if children[number] == 0 { leaves.append(number) }
      }
    }
    if left > 0, let row = rows.indices.first(where: { children[$0] > 0 }) {
      throw CacheError(.badList, "\(name): the parents of row \(row + 1) (\(rows[row].id)) go in a circle")
    }
  }

  private static func explained(_ error: any Error, _ name: String, line: Int?) -> CacheError {
    let advice = "save it again with `buildctl du --format '{{json .}}'` or `strata du --format json`"
    guard let error = error as? DecodingError else {
      return CacheError(.badList, "\(name): \(advice)", cause: "\(error)")
    }
    let (context, what): (DecodingError.Context, String) =
      switch error {
      case .keyNotFound(let key, let context): (context, "\"\(key.stringValue)\" is missing")
      case .valueNotFound(_, let context), .typeMismatch(_, let context):
        (context, "\"\(context.codingPath.last?.stringValue ?? "the row")\" is of the wrong kind")
      case .dataCorrupted(let context):
        (
          context,
          context.codingPath.last.map { "\"\($0.stringValue)\": \(context.debugDescription)" } ?? "this is no JSON"
        )
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "\(error)")
      }
    let row = context.codingPath.first?.intValue.map { "row \($0 + 1): " }
    return CacheError(.badList, "\(name): \(line.map { "line \($0): " } ?? row ?? "")\(what); \(advice)")
  }
}
