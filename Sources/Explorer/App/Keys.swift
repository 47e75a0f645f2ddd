import BuildCache
import CacheReport
import Terminal

extension Binding {
  /// All that hold on a screen, in the order in which help and footer show them.
  static func all(on screen: ExplorerState.Screen) -> [Binding] { moves + screen.itself.bindings + everywhere }
}

extension ExplorerState {
  /// Does what a key means where it is pressed.
  mutating func press(_ key: Key) -> [Effect] {
    if let overlay { return press(key, in: overlay) }
    guard let binding = Binding.all(on: screen).first(where: { $0.keys.contains(key) }) else {
      message = "\(key.name) does nothing here: ? shows the keys"
      return []
    }
    if let reason = binding.whyOff(self) {
      message = reason
      return []
    }
    message = ""
    if !binding.keepsWalk { graph.endWalks() }
    return binding.perform(&self)
  }

  /// Reads the cache anew from time to time, or no longer.
  mutating func toggleWatching() -> [Effect] {
    isWatching.toggle()
    message = isWatching ? "reads the cache anew every 5 seconds: R again to stop" : "no longer reads anew by itself"
    return []
  }

  /// Holds the record under the cursor, or lets go of it.
  mutating func toggleHold() -> [Effect] {
    guard let current else { return [] }
    let id = cache.rows[current].id
    let isHeld = detail.isDescriptionOld ? nil : detail.description.flatMap { $0.id == id ? $0.details?.isHeld : nil }
    holding = .underWay
    return [.setHeld(isHeld.map { !$0 } ?? (cache.rows[current].outsideRefs == 0), id)]
  }
}
