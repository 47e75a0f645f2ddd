import BuildCache

/// Builders side by side, those that hurt most first; what is found and answered fills in as it comes.
public struct BuilderList: Sendable {
  /// The lines in order: those that no rule will ever take anything from and whose disk is nearly full; those whose disk
  /// is nearly full; the others that answered, the largest first; those that have not answered yet; those that don't
  /// answer, by name.
  public private(set) var lines: [BuilderLine] = []
  /// Where nothing could be looked for, in sentences.
  public private(set) var notes: [String] = []
  private var found: Set<String> = []

  /// An empty list.
  public init() {}

  /// Builders are looked for, be it anew: what is known stays until it is told otherwise.
  public mutating func beginSearch() {
    found = []
    notes = []
  }

  /// Takes what a search came upon.
  ///
  /// - Returns: the builder that is to be asked now; nothing where it is being asked already, or can't be.
  /// - Complexity: O(n log n).
  public mutating func take(_ finding: BuilderFinding) -> Builder? {
    switch finding {
    case .note(let note):
      notes.append(note)
      return nil
    case .builder(let builder):
      found.insert(builder.id)
      let place = lines.firstIndex { $0.id == builder.id } ?? lines.endIndex
      if place == lines.endIndex {
        lines.append(BuilderLine(builder: builder))
      } else if case .failure = lines[place].builder.way {
        lines[place].builder = builder
      } else if case .failure = builder.way {
        lines[place].builder = builder
      }
      defer { sort() }
      // What answered before keeps what it learned of its daemon.
      if case .failure(let error) = lines[place].builder.way { lines[place].outcome = .failed(error) }
      return beginAsking(lines[place].id)
    }
  }

  /// A builder is to be asked, be it anew.
  ///
  /// - Returns: it; nothing where it is being asked already, or can't be.
  public mutating func beginAsking(_ id: String) -> Builder? {
    guard let place = lines.firstIndex(where: { $0.id == id }), !lines[place].isAsked,
      case .success = lines[place].builder.way
    else { return nil }
    lines[place].isAsked = true
    return lines[place].builder
  }

  /// All were found: those that were not found any more go.
  ///
  /// - Parameter keeping: the one that stays all the same.
  public mutating func endSearch(keeping id: String? = nil) {
    lines.removeAll { !found.contains($0.id) && $0.id != id }
  }

  /// Takes what a builder answered.
  public mutating func take(_ outcome: BuilderLine.Outcome, of id: String) {
    guard let place = lines.firstIndex(where: { $0.id == id }) else { return }
    lines[place].outcome = outcome
    lines[place].isAsked = false
    sort()
  }

  private mutating func sort() { lines.sort(by: BuilderLine.hurtsMore) }

  /// What those that answered take together; a record that two of them have counts twice.
  public var totals: UsageTotals {
    lines.reduce(into: UsageTotals()) { sum, line in
      if let figures = line.figures { sum.add(figures.totals) }
    }
  }

  /// How many answered.
  public var answered: Int { lines.count { $0.figures != nil } }

  /// How it stands, in a few words: `5 of 8 builders answered`.
  public var summary: String {
    "\(answered) of \(lines.count) builder\(lines.count == 1 ? "" : "s") answered"
  }
}
