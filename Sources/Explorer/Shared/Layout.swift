import Terminal

/// Where the parts of the frame are: a low window drops the bar first, then the footer, then the tabs.
struct Layout {
  let title = 0
  let bar: Int?
  let tabs: Int?
  /// All between the tabs and the message.
  let body: Range<Int>
  let message: Int?
  let footer: Int?
  /// The lines of the body that the list has, its headings and legend included.
  let list: Range<Int>
  /// The columns that the list has.
  let listColumns: Int
  /// The Detail pane, where it is open and there is room.
  let detail: Pane?

  /// A part of the window.
  struct Pane: Equatable {
    let column: Int
    let columns: Int
    let rows: Range<Int>
  }

  /// A window so wide shows the Detail pane unless it is closed.
  static let wide = 150
  /// A window so wide has the pane beside the list, a narrower one beneath it.
  private static let roomy = 120

  init(_ size: Size, hasDetail: Bool = false) {
    let rows = size.rows
    bar = rows >= 12 ? 1 : nil
    tabs = rows >= 6 ? (bar == nil ? 1 : 2) : nil
    footer = rows >= 8 ? rows - 1 : nil
    message = rows >= 4 ? rows - (footer == nil ? 1 : 2) : nil
    let top = 1 + (bar == nil ? 0 : 1) + (tabs == nil ? 0 : 1)
    let bottom = message ?? rows
    body = min(top, rows)..<max(min(top, rows), bottom)
    if hasDetail && size.columns >= Self.roomy {
      let columns = min(72, max(48, size.columns / 3))
      listColumns = size.columns - columns
      list = body
      detail = Pane(column: listColumns, columns: columns, rows: body)
    } else if hasDetail && body.count >= 8 {
      let middle = body.upperBound - min(16, body.count / 2)
      listColumns = size.columns
      list = body.lowerBound..<middle
      detail = Pane(column: 0, columns: size.columns, rows: middle..<body.upperBound)
    } else {
      listColumns = size.columns
      list = body
      detail = nil
    }
  }

  /// The lines that are left for rows of a list: its headings and its legend go off.
  var listLines: Range<Int> {
    let top = min(list.upperBound, list.lowerBound + 1)
    return top..<max(top, hasLegend ? list.upperBound - 1 : list.upperBound)
  }

  /// Whether there is room to say what the signs mean.
  var hasLegend: Bool { list.count >= 8 }

  /// The lines of the Prune screen that are left for rows: the policy, the sums and the headings go off.
  var pruneLines: Range<Int> {
    let top = min(body.upperBound, body.lowerBound + (body.count >= 8 ? 5 : 2))
    return top..<body.upperBound
  }
}
