import BuildCache
import Terminal
import TestSupport
import Testing

@testable import Explorer

@Suite("Before the cache is read") struct GlimpseTests {
  private func glimpse() -> ExplorerEvent {
    var builder = CacheState.Builder()
    builder.add(row("largest1", 500_000_000), parents: [])
    builder.add(row("second22", 300_000_000), parents: [])
    let cache = builder.finish()
    return .glimpsed(
      Inventory(reading(cache)), Arrangement(cache, ListChoice(), now: now.now()))
  }

  private func opened() -> ExplorerState {
    ExplorerState(
      ExplorerState.Options(name: "memory", prune: PrunePreset()),
      size: Size(columns: 110, rows: 20))
  }

  @Test("the largest records are shown, without what is not known of them, and no key acts on them")
  func shown() {
    var state = opened()
    #expect(update(&state, glimpse()).isEmpty)
    let grid = state.draw()
    #expect(shows(grid, "largest1"))
    #expect(shows(grid, "second22"))
    #expect(!shows(grid, "....."), "flags are unknown")
    #expect(!shows(grid, "2 records"))
    for key in " dMpw".map({ Key.character($0) }) {
      #expect(update(&state, .key(key)).isEmpty)
      #expect(shows(state.draw(), ExplorerState.reading))
    }
    #expect(state.marks.isEmpty)
  }

  @Test("they give way to what was read, and don't come back") func replaced() {
    var state = opened()
    let read = ExplorerEvent.loaded(
      Inventory(reading(sample)), Arrangement(sample, ListChoice(), now: now.now()), Rights())
    for event in [glimpse(), read, glimpse()] { _ = update(&state, event) }
    #expect(shows(state.draw(), "base0000"))
    #expect(!shows(state.draw(), "largest1"))
  }
}
