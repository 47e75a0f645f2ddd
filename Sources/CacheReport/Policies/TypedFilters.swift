import BuildCache

/// Filters as people type them who know Docker's: `until=24h`, `unused-for=24h`, `type=regular`, `id=…`.
///
/// What means just one thing here is taken as that, and said; the rest is refused with what does it.
public struct TypedFilters {
  /// In BuildKit's grammar.
  public private(set) var strings: [String] = []
  /// What `until` or `unused-for` say.
  public private(set) var keepDuration: TimeSpan?
  /// How something was understood, in sentences.
  public private(set) var remarks: [String] = []

  /// A flag is there or not; what says the opposite of it, where anything does.
  private static let opposites: [String: String?] = [
    "mutable": "immutable", "immutable": "mutable", "shared": "private", "private": "shared", "inuse": nil,
  ]

  /// Reads what `--filter` says.
  ///
  /// - Parameters:
  ///   - texts: each as it is given to one option.
  ///   - hasAge: whether there is a duration to keep what was used: a listing has none.
  /// - Throws: ``CacheError`` `badFilter` naming what to write instead.
  public init(_ texts: [String], hasAge: Bool) throws(CacheError) {
    // Docker joins its filters by *and*, BuildKit by *or*.
    var joined: [String] = []
    var names: Set<String> = []
    for text in texts {
      var meant: [String] = []
      let clauses = try FilterClause.all(in: text)
      for clause in clauses {
        guard clause.sign == "=" else {
          try Self.checkFlag(clause.key, clause, of: text, isPrune: hasAge)
          meant.append(clause.text)
          continue
        }
        let (name, value) = (clause.key.lowercased(), clause.valueText)
        guard names.insert(name).inserted else {
          throw CacheError(
            .badFilter,
            "--filter \(text): \(name) is given twice, which Docker refuses; write \(name)==a for one of several")
        }
        switch name {
        case "until", "unused-for":
          guard hasAge else {
            throw CacheError(.badFilter, "--filter \(text): write 'age>\(value)': what was last used longer ago")
          }
          guard keepDuration == nil else { throw CacheError(.badFilter, "--filter \(text): there is one already") }
          keepDuration = try TimeSpan(parsing: clause.valueWords, of: "--filter \(name)")
          remarks.append("--filter \(clause.text) is read as --keep-duration \(clause.valueWords)")
        case "type", "description", "id": meant.append(name == "id" ? "id~=\(value)" : "\(name)==\(value)")
        case "parent", "parents":
          let why = hasAge ? "a prune's filter sees no parents" : "write parents==\(value)"
          throw CacheError(.badFilter, "--filter \(text): \(why)")
        default:
          try Self.checkFlag(name, clause, of: text, isPrune: hasAge)
          // No filter of BuildKit's either: what is wrong with it is told.
          _ = try Filter(parsing: [text])
        }
      }
      if clauses.contains(where: { $0.sign == "=" }) {
        guard !meant.isEmpty else { continue }
        joined += meant
        remarks.append("--filter \(text) is read as \(meant.joined(separator: ","))")
      } else {
        strings.append(text)
      }
    }
    guard !joined.isEmpty else { return }
    guard strings.isEmpty else {
      throw CacheError(
        .badFilter,
        "--filter: Docker's form is joined by and, BuildKit's by or: write one filter, \((joined + strings).joined(separator: ","))"
      )
    }
    strings = [joined.joined(separator: ",")]
  }

  /// Whether a text is in Docker's form: it begins with one of its names and one `=`.
  public static func isDockers(_ text: String) -> Bool {
    let name = text.prefix { $0.isASCII && ($0.isLetter || $0 == "-") }
    let rest = text.dropFirst(name.count)
    let names = ["until", "unused-for", "parent"] + FilterKey.allCases.map(\.rawValue)
    return rest.first == "=" && !["=", "~"].contains(rest.dropFirst().first) && names.contains(name.lowercased())
      && rest.count > 1
  }

  /// Compared with a value a flag matches nothing, or all, which nobody means.
  private static func checkFlag(_ name: String, _ clause: FilterClause, of text: String, isPrune: Bool)
    throws(CacheError)
  {
    guard let sign = clause.sign, let opposite = opposites[name] else { return }
    let isNegated = ["false", "no", "0"].contains(clause.valueWords.lowercased()) != (sign == "!=")
    let advice =
      switch (isNegated, opposite) {
      case (false, _): ": write it alone"
      case (true, let opposite?): ": write \(opposite)"
      case (true, nil) where isPrune: ": leave it out, as a prune takes nothing that is in use"
      case (true, nil): ", and no filter finds what is not in use"
      }
    throw CacheError(.badFilter, "--filter \(text): \(name) has no value\(advice)")
  }

  /// What a filter that matches nothing may have meant.
  public static func hints(_ strings: [String], in state: CacheState) -> [String] {
    let clauses = strings.flatMap { (try? FilterClause.all(in: $0)) ?? [] }
    return clauses.filter { $0.sign == "==" }.compactMap { clause -> String? in
      switch clause.key {
      case "type":
        let type = RecordType(rawValue: clause.valueWords)
        let known = RecordType.known.contains(type) || state.rows.contains { $0.recordType == type }
        return known
          ? nil
          : "no record is of type \(type.rawValue); there are \(RecordType.known.map(\.rawValue).joined(separator: ", "))"
      case "id":
        let id = clause.valueWords
        guard state.index(of: RecordID(id)) == nil, state.rows.contains(where: { $0.id.text.hasPrefix(id) }) else {
          return nil
        }
        return "no record has the id \(id), but some begin so: write id~=^\(id)"
      default: return nil
      }
    }
  }
}
