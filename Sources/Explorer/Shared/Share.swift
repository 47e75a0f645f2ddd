import BuildCache
import Terminal

/// How a row shows its share of what is listed.
enum ShareDisplay: Sendable, CaseIterable {
  case none, bar, percent, both

  /// The next of them, round the end.
  var next: ShareDisplay {
    switch self {
    case .none: .bar
    case .bar: .percent
    case .percent: .both
    case .both: .none
    }
  }

  /// What it shows, in a few words.
  var words: String {
    switch self {
    case .none: "no bars"
    case .bar: "bars: the largest fills one"
    case .percent: "percents: of the whole"
    case .both: "percents of the whole, and bars"
    }
  }

  private static let barWidth = 8
  private static let percentWidth = 6

  /// The columns that it takes.
  var width: Int {
    switch self {
    case .none: 0
    case .bar, .percent: Self.barWidth
    case .both: Self.percentWidth + 1 + Self.barWidth
    }
  }

  /// What a row shows.
  ///
  /// - Parameters:
  ///   - bytes: the row's; absent: not known yet.
  ///   - scale: what they are held against.
  func text(_ bytes: Int64?, of scale: Scale, _ signs: Signs) -> String {
    guard let bytes else { return self == .none ? "" : String(signs.ellipsis) }
    let bar = String(
      repeating: signs.bar, count: Int((Self.part(bytes, of: scale.largest) * Double(Self.barWidth)).rounded()))
    let percent = fitted(
      Self.percent(Self.part(bytes, of: scale.whole), isNothing: bytes <= 0), to: Self.percentWidth, from: .right)
    return switch self {
    case .none: ""
    case .bar: bar
    case .percent: percent
    case .both: percent + " " + bar
    }
  }

  /// What sizes are held against.
  struct Scale: Sendable {
    /// The largest that is listed: it fills a bar.
    let largest: Int64
    /// All there is.
    let whole: Int64
  }

  private static func part(_ bytes: Int64, of all: Int64) -> Double {
    all > 0 ? min(1, max(0, Double(bytes) / Double(all))) : 0
  }

  /// With one decimal; what is more than nothing never reads as nothing.
  private static func percent(_ part: Double, isNothing: Bool) -> String {
    let tenths = Int((part * 1000).rounded())
    return tenths == 0 && !isNothing ? "<0.1%" : "\(tenths / 10).\(tenths % 10)%"
  }
}
