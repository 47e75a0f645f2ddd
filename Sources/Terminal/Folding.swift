/// No text is worth more lines.
private let mostFoldedLines = 60

/// Breaks a line at blanks, so that no part is wider than `width`; a word that is wider breaks where it can still be read.
///
/// - Parameters:
///   - line: any text: it is made safe for a terminal.
///   - width: the columns that there are.
/// - Returns: the parts, at most about sixty.
public func folded(_ line: String, to width: Int) -> [String] {
  let line = String(line.prefix(mostFoldedLines * max(1, width)))
  guard displayWidth(line) > width, width > 0 else { return [line] }
  var lines: [String] = []
  var current = ""
  for word in line.split(separator: " ") {
    for (place, part) in broken(safeText(String(word)), to: width).enumerated() {
      // A word that is broken begins a line, where a part of it would stand alone else.
      let room = width - displayWidth(current) - (current.isEmpty || place > 0 ? 0 : 1)
      if !current.isEmpty, place > 0 || displayWidth(part) > room {
        lines.append(current)
        current = ""
      }
      current += (current.isEmpty ? "" : " ") + part
    }
    if lines.count > mostFoldedLines { break }
  }
  return lines + [current]
}

/// Breaks a word that is too wide: after a slash or a colon, or before an at sign, as paths, images and digests are read;
/// anything else, such as the digits of a digest, into equal parts.
private func broken(_ word: String, to width: Int) -> [String] {
  guard displayWidth(word) > width else { return [word] }
  guard let place = lastBreak(of: word, within: width) else { return equalParts(of: word, to: width) }
  return [String(word[..<place])] + broken(String(word[place...]), to: width)
}

/// The last place that the width reaches where a word may break; there is something on both sides of it.
private func lastBreak(of word: String, within width: Int) -> String.Index? {
  var used = 0
  var found: String.Index?
  for place in word.indices {
    if word[place] == "@", place > word.startIndex { found = place }
    used += displayWidth(String(word[place]))
    if used > width { break }
    let next = word.index(after: place)
    if word[place] == "/" || word[place] == ":", place > word.startIndex, next < word.endIndex { found = next }
  }
  return found
}

/// Halves, quarters and so on, so many that each fits.
private func equalParts(of word: String, to width: Int) -> [String] {
  var count = 2
  while count * width < displayWidth(word), count < word.count { count *= 2 }
  let letters = max(1, (word.count + count - 1) / count)
  var parts: [String] = []
  var rest = word[...]
  while !rest.isEmpty {
    var part = rest.prefix(letters)
    // Wide characters take more columns than they are.
    while displayWidth(String(part)) > width, part.count > 1 { part.removeLast() }
    parts.append(String(part))
    rest = rest.dropFirst(part.count)
  }
  return parts
}
