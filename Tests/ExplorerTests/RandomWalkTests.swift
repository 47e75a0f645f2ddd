import BuildCache
import CacheReport
import SystemPackage
import Terminal
import TestSupport
import Testing

@testable import Explorer

@Suite("A random walk") struct RandomWalkTests {
  /// Answers an effect as a session would, at once.
  private func answer(_ effect: Effect) throws -> ExplorerEvent {
    switch effect {
    case .glimpse, .load: .nothing
    case .arrange(let cache, let choice, let earlier, let time):
      .arranged(Arrangement(cache, choice, from: earlier, now: time))
    case .plan(let cache, let policies, let behavior, let free, let now):
      .planned(PrunePreview(try PrunePlan(cache, policies: policies, behavior: behavior, now: now, free: free)))
    case .readPolicy(let request):
      .policyRead(
        [PrunePolicy(keepDuration: .seconds(60)), PrunePolicy(all: true, keepBytes: 100)], remarks: [], request)
    case .writePolicy: .told("written")
    case .complete(let text):
      .completed(text, PathCompletion(text, home: nil) { _ in [.init(name: "b.toml", isFolder: false)] })
    case .measure(let cache, let rows):
      .freed(Dictionary(uniqueKeysWithValues: rows.map { ($0, cache.sizeWithDescendants(of: $0)) }))
    case .match(let cache, let arrangement, let filter, let isMarking, let now):
      .matched(
        (isMarking ? arrangement.order : Array(cache.rows.indices)).filter { cache.matches(filter, now: now)[$0] },
        isMarking: isMarking)
    case .layOut(let cache, let arrangement, let folds):
      .laidOut(try GraphPicture(cache, arrangement, folds))
    case .relate(let picture, let row, let origin): .related(Related(picture, row, along: origin))
    case .describe(let cache, let row): .described(RecordDescription(cache, row, details: nil))
    case .stand(let cache, let behavior, let now):
      .stood(try PrunePlan(cache, policies: [PrunePolicy()], behavior: behavior, now: now))
    case .choose(let cache, let rows): .chosen(try PrunePlan(cache, removing: rows))
    case .weigh(let plan, let marks, let now): .weighed(PendingPrune(plan, marks: marks, now: now))
    case .list(let id, let path):
      path.components.count > 2
        ? .notListed(id, path, "no more") : .listed(id, path, [TreeFile(name: "a", isFolder: true, bytes: 4)])
    case .carryOut(let plan):
      pruned(plan)
    case .setHeld: .changed("held")
    case .copy, .export: .told("done")
    case .stop, .stopListing: .nothing
    }
  }

  /// A key: mostly one that means something, now and then one that is typed into an entry.
  private func key(_ random: inout SeededGenerator) -> Key {
    let keys =
      ExplorerState.Screen.allCases.flatMap { Binding.all(on: $0) }.flatMap(\.keys)
      + "y5>=s~tahnxvRFSWow".map { Key.character($0) }
      + [.backspace, .character("Z"), .enter]
    return keys[random.pick(0...(keys.count - 1))]
  }

  @Test("never crashes, never shows a cell out of place, and never prunes without the question") func randomWalk()
    throws
  {
    var (oldGraphs, oldPlans) = (0, 0)
    for seed in 1...UInt64(long(12)) {
      var random = SeededGenerator(seed)
      var cache = randomState(rows: random.pick(0...40), &random)
      var state = ExplorerState(.init(name: "walk"), size: Size(columns: 80, rows: 24))
      let read = ExplorerEvent.loaded(
        Inventory(reading(cache)), Arrangement(cache, .init(), now: now.now()), Rights())
      var answers: [(event: ExplorerEvent, isOfRows: Bool)] = [(read, false)]
      for step in 0..<300 {
        var wasAsked = false
        if case .question = state.overlay { wasAsked = true }
        let event: ExplorerEvent
        if !answers.isEmpty && random.chance(60) {
          event = answers.removeFirst().event
          // What speaks of row numbers of an earlier reading is dropped, as a session does.
          if case .loaded = event { answers.removeAll { $0.isOfRows } }
        } else if random.chance(5) {
          event = .resize(Size(columns: random.pick(0...200), rows: random.pick(0...40)))
        } else if random.chance(5) {
          let kinds: [Mouse.Kind] = [.click, .doubleClick, .wheelUp, .wheelDown]
          event = .mouse(
            Mouse(kinds[random.pick(0...3)], at: Point(column: random.pick(0...90), row: random.pick(0...30))))
        } else {
          event = .key(key(&random))
        }
        var isYes = false
        if case .key(.character("y")) = event { isYes = true }
        for effect in update(&state, event) {
          if case .carryOut = effect { #expect(wasAsked && isYes, "seed \(seed), step \(step)") }
          if case .load(let choice, _) = effect {
            // Others change the cache meanwhile, or nobody does, or it can't be read.
            if random.chance(50) { cache = randomState(rows: random.pick(0...40), &random) }
            let arrangement = Arrangement(cache, choice, now: now.now())
            let isSame = cache == state.cache && state.isLoaded
            answers.append(
              random.chance(10)
                ? (.notRead("gone", now.now()), false)
                : isSame
                  ? (.unchanged(reading(cache), Rights()), false)
                  : (.loaded(Inventory(reading(cache)), arrangement, Rights()), false))
          } else {
            answers.append((try answer(effect), effect.isOfRows))
          }
        }
        if state.hasQuit {
          state = ExplorerState(.init(name: "walk"), size: state.size)
          answers = [(read, false)]
        }
        if state.screen == .graph, state.graph.picture != nil, state.graph.reading != state.readingCount {
          oldGraphs += 1
        }
        if state.screen == .prune, state.prune.plan != nil, state.prune.reading != state.readingCount { oldPlans += 1 }
        let grid = state.draw()
        #expect(grid.size == state.size)
        check(state, grid, "seed \(seed), step \(step)")
      }
    }
    // What is shown while its successor is being made is walked over, too.
    #expect(oldGraphs + oldPlans > 0)
  }

  /// What the grid shows is what the state says, line by line.
  private func check(_ state: ExplorerState, _ grid: Grid, _ place: Comment) {
    let isStraight = (0..<grid.size.rows).allSatisfy { row in
      grid.row(row).reduce(0) { $0 + Int($1.width) } == grid.size.columns
    }
    #expect(isStraight, place)
    switch state.overlay {
    case nil, .filter: break
    default: return
    }
    let layout = state.layout
    for (line, number) in zip(state.listLines, state.visible) {
      let isCurrent = number == state.position.cursor
      let text = grid.line(line)
      switch state.screen {
      case .records, .marks:
        guard state.size.columns >= 20 else { continue }
        let lines = state.screen == .records ? state.records.lines : state.marked.lines
        guard case .record(let row) = lines.line(number) else { continue }
        let record = state.cache.rows[row]
        #expect(text.contains(state.shortID(record.id)), place)
        #expect((grid[2, line].character == "✓") == state.marks.contains(record.id), place)
        #expect((grid[1, line].character == "▌") == isCurrent, place)
      case .graph:
        guard layout.listColumns >= 60, let picture = state.graph.layout else { continue }
        #expect((grid[1, line].character == "▌") == isCurrent, place)
        if case .record(let row) = state.graph.lines.line(number) {
          #expect(text.contains(state.shortID(state.graph.cache.rows[picture.record(atRow: row)].id)), place)
        }
      case .files:
        guard state.size.columns >= 50, let files = state.files.files else { continue }
        #expect(text.contains(files[number].name.string), place)
      case .prune: break
      }
      // The cursor's line stands out without colour: by reverse video, from edge to edge of the list.
      let columns = state.screen == .prune ? state.size.columns : layout.listColumns
      let standsOut = grid.row(line).prefix(columns).allSatisfy { $0.style.isReverse == isCurrent }
      #expect(standsOut, place)
    }
  }
}
