import BuildCache

/// The words of a text, as a shell would make them of it: blanks part them, quotes and backslashes keep what they would
/// part; nothing is expanded.
///
/// - Parameters:
///   - text: one line or several.
///   - name: what the text is, for the error.
/// - Throws: ``CacheError`` `badInput` where a quote has no end, or a backslash nothing behind it.
func shellWords(_ text: String, of name: String) throws(CacheError) -> [String] {
  var words: [String] = []
  var word: String?
  var quote: Character?
  var rest = text[...]
  while let character = rest.popFirst() {
    switch (quote, character) {
    case ("'", "'"), ("\"", "\""): quote = nil
    case ("'", _): word = (word ?? "") + String(character)
    case ("\"", "\\"):
      // Between double quotes a backslash means something before these only.
      guard let next = rest.popFirst() else { throw CacheError(.badInput, "\(name): a quote has no end") }
      word = (word ?? "") + ("\"\\$`".contains(next) ? String(next) : "\\\(next)")
    case ("\"", _): word = (word ?? "") + String(character)
    case (_, "'"), (_, "\""):
      quote = character
      word = word ?? ""
    case (_, "\\"):
      guard let next = rest.popFirst() else {
        throw CacheError(.badInput, "\(name): there is nothing behind the last backslash")
      }
      word = (word ?? "") + String(next)
    case (_, let blank) where blank == " " || blank == "\t" || blank.isNewline:
      if let ended = word { words.append(ended) }
      word = nil
    default: word = (word ?? "") + String(character)
    }
  }
  guard quote == nil else { throw CacheError(.badInput, "\(name): a quote has no end") }
  return words + [word].compactMap(\.self)
}
