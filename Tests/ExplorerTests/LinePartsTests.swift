import Terminal
import Testing

@testable import Explorer

@Suite("Lines of parts") struct LinePartsTests {
  /// A title as the explorer has it.
  private let title = LineParts(
    [
      .init("strata", rank: 20), .path("/var/lib/build kit/live-final/du.json", rank: 7, cutSign: "…", gap: "  "),
      .init("[read only]", rank: 2, gap: " "), .init("[live]", rank: 3, gap: " "),
    ],
    right: [
      .init("137 records", rank: 6, gap: " · "), .init("320.0 TB", rank: 0, gap: " · "),
      .init([.init(text: "disk 42.0 GB of 500.0 GB free", rank: 8), .init(text: "42.0 GB free", rank: 5)], gap: " · "),
    ])

  /// A line as it is seen.
  private func text(_ line: LineParts, _ width: Int) -> String {
    var grid = Grid(size: Size(columns: width, rows: 1))
    grid.draw(line, row: 0)
    return grid.line(0)
  }

  @Test("at every width they fit, in order, and none is over another") func fit() {
    for width in 0...250 {
      let placed = title.placed(in: width)
      #expect(placed.allSatisfy { $0.columns.lowerBound >= 0 && $0.columns.upperBound <= width }, "\(width)")
      for (one, next) in zip(placed, placed.dropFirst()) {
        #expect(one.part < next.part && one.columns.upperBound <= next.columns.lowerBound, "\(width)")
      }
      if let last = placed.last, last.part >= 4 { #expect(last.columns.upperBound == width, "\(width)") }
    }
  }

  @Test("what matters least gives way first, and a wider line never says less") func order() {
    var before: [Int: Int] = [:]
    for width in 10...250 {
      let said = Dictionary(uniqueKeysWithValues: title.placed(in: width).map { ($0.part, displayWidth($0.text)) })
      for (part, columns) in before { #expect((said[part] ?? 0) >= columns, "part \(part) at \(width)") }
      before = said
      // What has a lower rank is there as long as anything above it.
      if said[0] != nil { #expect(said.count == 7) }
      if said[3] != nil { #expect(said[2] != nil) }
      if said[4] != nil { #expect(said[6] == nil || said[2] != nil) }
      #expect(said[1] != nil && (width < 18 || said[5] != nil), "what is open and how much stays, at \(width)")
    }
    #expect(before.count == 7)
  }

  @Test("a path keeps its end, then the end of its name") func paths() {
    #expect(text(title, 150).contains("strata  /var/lib/build kit/live-final/du.json [read only] [live]"))
    #expect(text(title, 120).hasPrefix(" /var/lib/build kit/live-final/du.json [read only] [live]"))
    #expect(text(title, 90).contains("/du.json [read only] [live]"))
    #expect(text(title, 20) == " du.json   320.0 TB")
    #expect(text(title, 19) == " du.json  320.0 TB")
    let long = LineParts([.path("/a/api-system-df.json", rank: 2, cutSign: "…")], right: [.init("320.0 TB", rank: 0)])
    #expect(text(long, 34) == " /a/api-system-df.json   320.0 TB")
    #expect(text(long, 31) == " api-system-df.json   320.0 TB")
    #expect(text(long, 20).hasSuffix("320.0 TB"))
    #expect(text(long, 20).contains("json") && text(long, 20).contains("…"))
  }

  @Test("the last that is left is cut with a sign") func cut() {
    let line = LineParts([.init("abcdefghij", rank: 0), .init("rest", rank: 1)])
    #expect(text(line, 19) == " abcdefghij   rest")
    #expect(text(line, 18) == " abcdefghij")
    #expect(text(line, 8) == " abcde…")
    #expect(text(line, 2).isEmpty)
    #expect(LineParts([]).placed(in: 10).isEmpty)
  }

  @Test("wide and hostile text stays within its columns") func hostile() {
    for text in ["宽字符/宽字符宽字符宽字符", "\u{1b}[31m/\u{202e}x", String(repeating: "x/", count: 2000), "//", "/", ""] {
      let line = LineParts([.path(text, rank: 3, cutSign: "…")], right: [.init("1 B", rank: 0)])
      for width in 0...40 {
        #expect(line.placed(in: width).allSatisfy { $0.columns.upperBound <= width }, "\(text.prefix(20)) at \(width)")
      }
    }
    #expect(fittedEnd("宽字符", to: 5, cutSign: "…") == "…字符")
    #expect(fittedEnd("宽字符", to: 4, cutSign: "…") == "…符")
    #expect(fittedEnd("abc", to: 3, cutSign: "…") == "abc")
    #expect(fittedEnd("abc", to: 0, cutSign: "…").isEmpty)
  }

  @Test("a click is on the part that is drawn there") func clicks() {
    let line = LineParts([.init("one", rank: 1), .init("two", rank: 2)], right: [.init("right", rank: 0)])
    #expect(line.part(atColumn: 1, onRowOf: 30) == 0)
    #expect(line.part(atColumn: 4, onRowOf: 30) == nil)
    #expect(line.part(atColumn: 7, onRowOf: 30) == 1)
    #expect(line.part(atColumn: 28, onRowOf: 30) == 2)
    #expect(line.part(atColumn: 29, onRowOf: 30) == nil)
  }
}
