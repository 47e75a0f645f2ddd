import BuildCache
import CacheReport
import Terminal

/// The signs that views draw, with a plain twin of each where only ASCII may be shown.
struct Signs {
  let cursor: String
  let mark: String
  /// Beside what a range holds that is being chosen.
  let chosen: String
  /// Beside what stands out with the cursor's record.
  let related: String
  let inUse: Character
  let shared: Character
  let `internal`: Character
  let reclaimable: Character
  /// What bars of sizes are made of.
  let bar: Character
  let line: Character
  let side: Character
  let knob: String
  let dot: String
  let rising: String
  let falling: String
  let ellipsis: Character
  /// Before a group whose records are hidden, or shown.
  let folded: String
  let unfolded: String
  let box: Box

  /// The corners and sides of a box.
  struct Box {
    let corners: [String]
    let side: String
  }

  static func signs(isASCII: Bool) -> Signs {
    isASCII
      ? Signs(
        cursor: ">", mark: "*", chosen: "+", related: "-", inUse: "#", shared: "=", internal: "+", reclaimable: ".",
        bar: "#", line: "-", side: "|",
        knob: "O", dot: "-", rising: "^",
        falling: "v", ellipsis: "~", folded: "+", unfolded: "-", box: Box(corners: ["+", "+", "+", "+"], side: "|"))
      : Signs(
        cursor: "▌", mark: "✓", chosen: "┃", related: "•", inUse: "█", shared: "▒", internal: "▓", reclaimable: "░",
        bar: "■", line: "─", side: "│",
        knob: "●", dot: "·", rising: "↑",
        falling: "↓", ellipsis: "…", folded: "▸", unfolded: "▾", box: Box(corners: ["┌", "┐", "└", "┘"], side: "│"))
  }
}

extension ExplorerState {
  var signs: Signs { .signs(isASCII: options.isASCII) }

  /// How the key is written that does the work of a letter of the tables.
  func label(_ letter: Character) -> String { options.keys.label(.character(letter)) }

  /// Parts of a sentence with a dot between them.
  func joined(_ parts: [String]) -> String {
    parts.joined(separator: " \(signs.dot) ")
  }

  /// A text made exactly so wide.
  func cell(_ text: String, _ width: Int, _ alignment: Alignment = .left) -> String {
    fitted(text, to: width, from: alignment, cutSign: signs.ellipsis)
  }

  /// Bytes in the units that are chosen.
  func amount(_ bytes: Int64) -> String { ByteCount(bytes).text(in: units) }

  /// The columns that any size in the cache takes, its sums included.
  var amountWidth: Int { units.width(upTo: inventory.totals.all.bytes) }

  /// How long ago something was.
  func age(_ time: Timestamp?) -> String {
    time.map { now.since($0).ageText } ?? "never"
  }
}
