import BuildCache
import CacheReport
import Terminal

/// Groups of the Records screen: choosing what puts records together, folding, and what is said of a group.
extension ExplorerState {
  /// What the menu offers, with the key that chooses it; nothing: each record stands alone.
  static let groupings: [(letter: Character, key: RecordGrouping.Key?)] = [
    ("t", .type), ("s", .stage), ("a", .age), ("h", .holder), ("n", nil),
  ]

  /// Puts records together by a key, or no longer.
  mutating func group(by key: RecordGrouping.Key?) -> [Effect] {
    guard key != choice.grouping else { return [] }
    choice.grouping = key
    message = key.map { "grouped by \($0.words): Enter unfolds, z chooses again" } ?? "no groups any more"
    return [arrange()]
  }

  /// Folds the group under the cursor, or around it; unfolds it.
  mutating func fold(_ isFolded: Bool) -> [Effect] {
    guard let group = records.surroundingGroup else { return [] }
    if records.lines.isUnfolded(group) == isFolded {
      if let id = records.lines.groups?.groups[group].id { undos.add(.group(id, isFolding: isFolded)) }
      records.setUnfolded(group, !isFolded)
    } else {
      message = isFolded ? "it is folded: l unfolds it" : "it is unfolded: h folds it"
    }
    return []
  }

  /// The group whose line the cursor is on, where groups are shown.
  var currentGroup: RecordGroups.Group? {
    guard screen == .records, let group = records.group else { return nil }
    return records.lines.groups?.groups[group]
  }

  /// The records that keys mean which take several at once: those of the group, or of the folded chain, under the cursor.
  var severalUnderCursor: [Int]? { screen == .records ? records.groupRows : foldedRecords }

  /// How long ago something was, as the end of a sentence.
  func agoWords(_ time: Timestamp) -> String {
    let age = age(time)
    return age == "now" ? "just now" : "\(age) ago"
  }

  /// What is known of a group, as the Detail pane shows it.
  func facts(of group: RecordGroups.Group) -> [(name: String, value: String)] {
    [
      ("Group", group.name), ("Records", "\(group.count)"), ("Size", ByteCount(group.bytes).exactText(in: units)),
      ("Freed if pruned", ByteCount(group.frees).exactText(in: units)),
      ("Last used", group.lastUsedAt.map { options.localTime.words(for: $0, at: now) } ?? "never"),
      ("Last created", options.localTime.words(for: group.createdAt, at: now)),
      ("Uses", "\(group.uses)"),
    ]
  }
}

extension Binding {
  /// Groups of the list of all records.
  static let grouping: [Binding] = [
    Binding([.character("z")], "group", isLikely: true, whyOff: emptyCache) { state in
      state.overlay = .groupMenu
      return []
    },
    Binding([.character("l"), .right], "unfold", isLikelyWhere: isGrouped, whyOff: notGrouped) { $0.fold(false) },
    Binding([.character("h"), .left], "fold", isLikelyWhere: isGrouped, whyOff: notGrouped) { $0.fold(true) },
  ]

  private static let isGrouped: @Sendable (ExplorerState) -> Bool = { $0.records.lines.groups != nil }
  private static func notGrouped(_ state: ExplorerState) -> String? {
    isGrouped(state) ? nil : "z puts records together in groups"
  }
}
