/// A place in a pattern.
struct Cursor {
  private let scalars: [Unicode.Scalar]
  private(set) var place = 0

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  /// The character that stands here, if the pattern has not ended.
  var next: Unicode.Scalar? { peek(0) }

  /// The character so many further on.
  func peek(_ distance: Int) -> Unicode.Scalar? {
    place + distance < scalars.count ? scalars[place + distance] : nil
  }

  /// Goes past the character that stands here.
  mutating func skip(_ count: Int = 1) { place += count }

  /// Goes back to a place where it has been.
  mutating func goBack(to earlier: Int) { place = earlier }

  /// Goes past a text, if it stands here.
  mutating func take(_ text: String) -> Bool {
    var distance = 0
    for scalar in text.unicodeScalars {
      guard peek(distance) == scalar else { return false }
      distance += 1
    }
    place += distance
    return true
  }

  /// Goes past a text's end, and gives what stands before it; stays where it is when the end is missing.
  mutating func take(upTo end: String) -> String? {
    let start = place
    var text = String.UnicodeScalarView()
    while let scalar = next {
      if take(end) { return String(text) }
      text.append(scalar)
      place += 1
    }
    place = start
    return nil
  }
}
