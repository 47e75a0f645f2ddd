import BuildCache
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// Keys that bring all places in which the explorer writes bytes into sight.
private let places = [
  "", "M", "sf", "<Enter>", "jd", "Md", "Mm", "2", "2i", "pw", "p", "pe", "pe<Esc>t", "p<Enter>", "f", "fl", "dy", "Gw",
]

@Suite("Units") struct UnitsTests {
  private func play(
    _ script: String, _ units: ByteUnits, on cache: MemoryCache = MemoryCache(sample),
    size: Size = Size(columns: 140, rows: 30)
  ) async throws -> Grid {
    await ExplorerSession.play(
      try Key.keys(in: script), on: cache, size: size, isASCII: false, units: units, clock: now, outlets: outlets)
  }

  @Test("everything on every screen is written in the units that are chosen", arguments: places)
  func followed(_ keys: String) async throws {
    let example = /^.*for instance.*$/.anchorsMatchLineEndings()
    let (si, iec) = ([" kB", " MB", " GB", " TB"], [" KiB", " MiB", " GiB", " TiB"])
    for (units, others) in [(ByteUnits.si, iec), (.iec, si), (.bytes, si + iec)] {
      let text = try await play(keys, units).text.replacing(example, with: "")
      #expect(!others.contains { text.contains($0) }, "\(units) after \(keys)\n\(text)")
    }
  }

  @Test("B goes round the units, and what is shown already follows") func key() async throws {
    let wide = Size(columns: 160, rows: 30)
    let session = await DrivenSession(MemoryCache(sample), size: wide)
    #expect(shows(session.state.draw(), "300.0 MB"))
    try await session.press("B")
    #expect(shows(session.state.draw(), "286.1 MiB") && shows(session.state.draw(), "sizes in KiB, MiB, GiB"))
    #expect(!session.state.draw().text.contains(" MB"))
    try await session.press("B")
    #expect(shows(session.state.draw(), "300,000,000 B"))
    try await session.press("B")
    #expect(shows(session.state.draw(), "300.0 MB"))
  }

  @Test("columns hold the widest sizes, whatever the units") func widest() async throws {
    var builder = CacheState.Builder()
    builder.add(row("huge0000", 320_000_000_000_000), parents: [])
    builder.add(row("layer111", 1_048_524) { $0.kind = .layer }, parents: ["huge0000"])
    let cache = MemoryCache(builder.finish())
    for keys in ["", "Mm", "2", "p"] {
      #expect(shows(try await play(keys, .bytes, on: cache), " 320,000,000,000,000 B"), "\(keys)")
      #expect(shows(try await play(keys, .iec, on: cache), " 1023.9 KiB"), "\(keys)")
      #expect(shows(try await play(keys, .si, on: cache), " 320.0 TB"), "\(keys)")
    }
  }
}
