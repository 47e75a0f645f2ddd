import BuildCache
import Terminal
import TestSupport
import Testing

@testable import Explorer

@Suite("Bars and percents") struct ShareTests {
  private let wide = Size(columns: 130, rows: 20)

  @Test("% goes round bar, percent, both and none") func key() async throws {
    #expect(shows(try await play("", size: wide), "500.0 MB  ■■■■■■■■ "))
    #expect(shows(try await play("", size: wide), "300.0 MB  ■■■■■    "))
    #expect(shows(try await play("", size: wide), "SHARE"))
    #expect(shows(try await play("%", size: wide), "500.0 MB   41.0%"))
    #expect(shows(try await play("%%", size: wide), "500.0 MB   41.0% ■■■■■■■■ "))
    #expect(!shows(try await play("%%%", size: wide), "SHARE"))
    #expect(shows(try await play("%%", size: Size(columns: 80, rows: 20)), "there is no room for that here"))
    #expect(!shows(try await play("%%", size: wide), "no room"))
    #expect(shows(try await play("%%%%", size: wide), "500.0 MB  ■■■■■■■■ "))
    #expect(shows(try await play("", size: wide, isASCII: true), "500.0 MB  ######## "))
  }

  @Test("they are of what each frees where that is sorted by, and of the largest that is shown") func others()
    async throws
  {
    let frees = try await play("sf", size: wide)
    #expect(shows(frees, "SHARE") && shows(frees, "1.0 GB  ■■■■■■■■ "))
    #expect(shows(frees, "500.0 MB  ■■■■ "))
    #expect(shows(try await play("/held3333<Enter>", size: wide), "100.0 MB  ■■■■■■■■ "))
    #expect(shows(try await play("/held3333<Enter>%", size: wide), "100.0 MB    8.2%"), "of the whole, filtered or not")
    #expect(shows(try await play("jMm", size: wide), "300.0 MB  ■■■■■■■■ "))
    #expect(shows(try await play("f%", size: wide), "9.0 MB   90.0%"))
  }

  @Test("none goes under a description of 30") func narrow() {
    for width in 40...200 {
      let table = RecordTable(
        [.id, .size, .share, .frees, .flags, .used, .description], width: width, id: 8, amount: 9, share: .both,
        traits: nil)
      guard table.columns.contains(where: { $0.column == .share }) else { continue }
      #expect((table.columns.last?.width ?? 0) >= 30, "\(width)")
    }
  }

  @Test("what is more than nothing never reads as nothing, and none is more than all") func edges() {
    let signs = Signs.signs(isASCII: true)
    func text(_ bytes: Int64?, _ largest: Int64, _ whole: Int64, _ share: ShareDisplay = .both) -> String {
      share.text(bytes, of: ShareDisplay.Scale(largest: largest, whole: whole), signs)
    }
    #expect(text(0, 10, 10) == "  0.0% ")
    #expect(text(1, 1_000_000, 1_000_000) == " <0.1% ")
    #expect(text(10, 10, 10) == "100.0% ########")
    #expect(text(.max, 5, 5) == "100.0% ########")
    #expect(text(5, 0, 0) == " <0.1% ")
    #expect(text(-5, 10, 10) == "  0.0% ")
    #expect(text(nil, 10, 10) == "~" && text(nil, 10, 10, .none).isEmpty)
    for share in ShareDisplay.allCases {
      for bytes in [Int64.min, -1, 0, 1, 5, .max] { #expect(displayWidth(text(bytes, 5, 7, share)) <= share.width) }
    }
  }
}
