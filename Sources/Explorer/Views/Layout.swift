import Terminal

/// Where the parts of the frame are: a low window drops the bar first, then the footer, then the tabs.
struct Layout {
  let title = 0
  let bar: Int?
  let tabs: Int?
  let body: Range<Int>
  let message: Int?
  let footer: Int?

  init(_ size: Size) {
    let rows = size.rows
    bar = rows >= 12 ? 1 : nil
    tabs = rows >= 6 ? (bar == nil ? 1 : 2) : nil
    footer = rows >= 8 ? rows - 1 : nil
    message = rows >= 4 ? rows - (footer == nil ? 1 : 2) : nil
    let top = 1 + (bar == nil ? 0 : 1) + (tabs == nil ? 0 : 1)
    let bottom = message ?? rows
    body = min(top, rows)..<max(min(top, rows), bottom)
  }

  /// The lines of the Records screen that are left for rows: its headings and its legend go off.
  var recordLines: Range<Int> {
    let top = min(body.upperBound, body.lowerBound + 1)
    return top..<max(top, hasLegend ? body.upperBound - 1 : body.upperBound)
  }

  /// Whether there is room to say what the flags mean.
  var hasLegend: Bool { body.count >= 8 }

  /// The lines of the Prune screen that are left for rows: the policy, the sums and the headings go off.
  var pruneLines: Range<Int> {
    let top = min(body.upperBound, body.lowerBound + (body.count >= 8 ? 5 : 2))
    return top..<body.upperBound
  }
}
