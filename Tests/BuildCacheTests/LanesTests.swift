import BuildCache
import Dispatch
import Synchronization
import Testing

@Suite("Work side by side") struct LanesTests {
  /// Comes to its end when so many have come.
  private final class Meeting: Sendable {
    private let state: Mutex<(missing: Int, waiting: [CheckedContinuation<Void, Never>])>
    init(_ count: Int) { state = Mutex((count, [])) }

    func come() async {
      await withCheckedContinuation { continuation in
        let all: [CheckedContinuation<Void, Never>] = state.withLock { state in
          state.missing -= 1
          state.waiting.append(continuation)
          return state.missing <= 0 ? state.waiting : []
        }
        for one in all { one.resume() }
      }
    }
  }

  @Test("work that takes long holds up none that waits for its turn", .timeLimit(.minutes(10))) func slow() async {
    let lanes = Lanes(2, patience: .milliseconds(1))
    // All of them have to begin for any to end.
    let meeting = Meeting(20)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { await lanes.run { await meeting.come() } } }
    }
  }

  @Test("no more begin at a time than there are lanes") func bounded() async {
    let lanes = Lanes(3, patience: .seconds(3600))
    let count = Count()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          await lanes.run {
            count.begin()
            await Task.yield()
            count.end()
          }
        }
      }
    }
    #expect(count.most <= 3)
    #expect(count.running == 0)
  }

  /// How many are at work, and the most that were.
  private final class Count: Sendable {
    private let state = Mutex((running: 0, most: 0))
    var running: Int { state.withLock { $0.running } }
    var most: Int { state.withLock { $0.most } }
    func begin() { state.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1)) } }
    func end() { state.withLock { $0.running -= 1 } }
  }

  @Test("a hundred that wait on threads of their own wait side by side", .timeLimit(.minutes(10))) func threads() async
  {
    let gate = Gate(100)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 { group.addTask { await waiting { gate.pass() } } }
    }
  }

  /// Lets nobody through until so many wait there, each on a thread.
  private final class Gate: Sendable {
    private let missing: Mutex<Int>
    private let count: Int
    private let opened = DispatchSemaphore(value: 0)
    init(_ count: Int) {
      missing = Mutex(count)
      self.count = count
    }

    func pass() {
      let isLast = missing.withLock { missing in
        missing -= 1
        return missing == 0
      }
      guard isLast else { return opened.wait() }
      for _ in 1..<count { opened.signal() }
    }
  }
}
