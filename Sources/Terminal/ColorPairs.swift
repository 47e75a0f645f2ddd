import CNcurses

/// The colour pairs of curses, given out as styles ask for them.
struct ColorPairs {
  private var pairs: [[Int16]: Int16] = [:]
  private let hasColors: Bool
  private let colors: Int
  private let most: Int

  /// Starts colours where they are wanted and the terminal has them.
  init(isWanted: Bool) {
    hasColors = isWanted && has_colors()
    if hasColors {
      start_color()
      use_default_colors()
    }
    colors = hasColors ? Int(strata_colors()) : 0
    most = hasColors ? min(Int(strata_color_pairs()), Int(Int16.max)) : 0
  }

  /// What curses needs for a style. Without colours, and when pairs run out, the attributes alone have to do.
  mutating func attributes(of style: Style) -> (attr_t, Int16) {
    var attributes: attr_t = 0
    if style.isBold { attributes |= strata_bold }
    if style.isDim { attributes |= strata_dim }
    if style.isReverse { attributes |= strata_reverse }
    if style.isUnderlined { attributes |= strata_underline }
    guard hasColors, style.foreground != nil || style.background != nil else { return (attributes, 0) }
    if colors < 16, let foreground = style.foreground, foreground.rawValue >= 8 { attributes |= strata_bold }
    let key = [number(style.foreground), number(style.background)]
    if let pair = pairs[key] { return (attributes, pair) }
    guard pairs.count + 1 < most else { return (attributes, 0) }
    let pair = Int16(pairs.count + 1)
    init_pair(pair, key[0], key[1])
    pairs[key] = pair
    return (attributes, pair)
  }

  private func number(_ color: Color?) -> Int16 {
    guard let color else { return -1 }
    return Int16(colors < 16 ? color.rawValue % 8 : color.rawValue)
  }
}
