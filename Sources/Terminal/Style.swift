/// The terminal's own sixteen colours: what they look like is the user's choice.
public enum Color: UInt8, Sendable, CaseIterable {
  /// The eight colours that every colour terminal has.
  case black, red, green, yellow, blue, magenta, cyan, white
  /// Their brighter twins; where a terminal has only eight, the same in bold.
  case brightBlack, brightRed, brightGreen, brightYellow, brightBlue, brightMagenta, brightCyan, brightWhite
}

/// How a cell looks.
public struct Style: Hashable, Sendable {
  /// The text's colour; absent: the terminal's own.
  public var foreground: Color?
  /// The ground's colour; absent: the terminal's own.
  public var background: Color?
  /// Whether it is bold.
  public var isBold: Bool
  /// Whether it is faint.
  public var isDim: Bool
  /// Whether text and ground change places.
  public var isReverse: Bool
  /// Whether it is underlined.
  public var isUnderlined: Bool

  /// The terminal's own look.
  public static let plain = Style()

  /// Makes a style.
  public init(
    foreground: Color? = nil, background: Color? = nil, bold: Bool = false, dim: Bool = false, reverse: Bool = false,
    underline: Bool = false
  ) {
    self.foreground = foreground
    self.background = background
    isBold = bold
    isDim = dim
    isReverse = reverse
    isUnderlined = underline
  }
}
