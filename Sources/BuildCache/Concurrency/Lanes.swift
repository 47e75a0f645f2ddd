import Synchronization

/// Lets so many pieces of work begin at a time. One that takes long no longer counts: it holds up nobody.
package final class Lanes: Sendable {
  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state: Guarded<State>
  private let patience: Duration

  /// Makes lanes.
  ///
  /// - Parameters:
  ///   - count: how many pieces of work are under way that have begun just now.
  ///   - patience: how long that is.
  package init(_ count: Int, patience: Duration) {
    state = Guarded(State(free: count))
    self.patience = patience
  }

  /// Does work when its turn has come, be its task cancelled or not.
  package func run<T: Sendable>(_ work: @Sendable () async throws -> T) async rethrows -> T {
    await enter()
    let place = Place(lanes: self)
    let timer = Task { [patience] in
      if (try? await Task.sleep(for: patience)) != nil { place.leave() }
    }
    defer {
      timer.cancel()
      place.leave()
    }
    return try await work()
  }

  /// A place in a lane, which is left once.
  private final class Place: Sendable {
    private let lanes: Guarded<Lanes?>
    init(lanes: Lanes) { self.lanes = Guarded(lanes) }

    func leave() {
      let lanes = lanes.withLock { lanes in
        defer { lanes = nil }
        return lanes
      }
      lanes?.leave()
    }
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.free == 0 else {
          state.free -= 1
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  private func leave() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
      state.free += 1
      return nil
    }
    next?.resume()
  }
}
