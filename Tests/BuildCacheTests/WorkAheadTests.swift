import BuildCache
import Synchronization
import Testing

@Suite("Work ahead of who takes it") struct WorkAheadTests {
  private struct Failure: Error, Equatable { let number: Int }

  @Test("results come in order, and no more are made ahead than may be", arguments: [1, 2, 5, 100])
  func order(_ width: Int) async throws {
    let state = Mutex<(untaken: Int, most: Int)>((0, 0))
    var taken: [Int] = []
    try await workingAhead(50, width: width) { number in
      state.withLock { state in
        state.untaken += 1
        state.most = max(state.most, state.untaken)
      }
      for _ in 0..<(50 - number) { await Task.yield() }
      return number
    } taking: { number, result in
      #expect(number == result)
      taken.append(number)
      state.withLock { $0.untaken -= 1 }
    }
    #expect(taken == Array(0..<50))
    #expect(state.withLock { $0.most } <= width)
  }

  @Test("of several that fail the first in order is thrown, however late") func firstFailure() async {
    var taken: [Int] = []
    await #expect(throws: Failure(number: 3)) {
      try await workingAhead(10, width: 10) { number in
        if number == 3 { for _ in 0..<1000 { await Task.yield() } }
        if number >= 3 { throw Failure(number: number) }
        return number
      } taking: { number, _ in
        taken.append(number)
      }
    }
    #expect(taken == [0, 1, 2])
  }

  @Test("where who takes them fails the others are cancelled and have ended") func failingTaker() async {
    let ended = Mutex(0)
    await #expect(throws: Failure(number: 0)) {
      try await workingAhead(4, width: 4) { number in
        defer { ended.withLock { $0 += 1 } }
        while number > 0 && !Task.isCancelled { await Task.yield() }
      } taking: { number, _ in
        throw Failure(number: number)
      }
    }
    #expect(ended.withLock { $0 } == 4)
  }

  @Test("no work is no work") func none() async throws {
    try await workingAhead(0, width: 3) {
      $0
    } taking: { _, _ in
      Issue.record("there was none")
    }
  }
}
