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
    presses += 1
    return perform(options.keys.meant(by: key), pressed: key)
  }

  /// Does what a key of the tables means, whichever is pressed for it.
  mutating func perform(_ key: Key, pressed: Key? = nil) -> [Effect] {
    guard let binding = Binding.all(on: screen).first(where: { $0.keys.contains(key) }) else {
      let help = label("?")
      message = "\((pressed ?? key).name) does nothing here: \(help) shows the keys"
      return []
    }
    return perform(binding)
  }

  /// Does what a binding says, or says why not.
  mutating func perform(_ binding: Binding) -> [Effect] {
    if let reason = binding.whyOff(self) {
      message = reason
      return []
    }
    (said, message) = (message, "")
    if !binding.keepsWalk { graph.endWalks() }
    let before = (screen: screen, choice: choice)
    let effects = binding.perform(&self)
    if screen != before.screen || choice != before.choice { range = nil }
    if range != nil, message.isEmpty { message = rangeWords }
    return effects
  }

  /// Reads the cache anew from time to time, or no longer.
  mutating func toggleWatching() -> [Effect] {
    isWatching.toggle()
    message =
      isWatching
      ? "reads the cache anew every 5 seconds: \(label("R")) again to stop" : "no longer reads anew by itself"
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
