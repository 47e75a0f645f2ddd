import BuildCache

/// Filters as people type them who know Docker's: `until=24h`, `unused-for=24h`, `type=regular`, `id=…`.
///
/// What means just one thing here is taken as that, and said; the rest is refused with what does it.
struct TypedFilters {
  /// In BuildKit's grammar.
  private(set) var strings: [String] = []
  /// What `until` or `unused-for` say.
  private(set) var keepDuration: TimeSpan?
  /// How something was understood, in sentences.
  private(set) var remarks: [String] = []

  private static let flags: Set<String> = ["inuse", "mutable", "immutable", "shared", "private"]

  /// Reads what `--filter` says.
  ///
  /// - Parameter hasAge: whether there is a duration to keep what was used: a listing has none.
  /// - Throws: ``CacheError`` `badFilter` naming what to write instead.
  init(_ texts: [String], hasAge: Bool) throws {
    // Docker joins its filters by *and*, BuildKit by *or*.
    var joined: [String] = []
    var names: Set<String> = []
    for text in texts {
      guard let (name, value) = Self.dockerForm(text) else {
        try Self.checkFlags(text)
        strings.append(text)
        continue
      }
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
        keepDuration = try TimeSpan(parsing: value, of: "--filter \(name)")
        remarks.append("--filter \(text) is read as --keep-duration \(value)")
      case "type", "description", "id":
        let meant = name == "id" ? "id~=\(value)" : "\(name)==\(value)"
        joined.append(meant)
        remarks.append("--filter \(text) is read as \(meant)")
      case "parent", "parents":
        let why = hasAge ? "a prune's filter sees no parents" : "write parents==\(value)"
        throw CacheError(.badFilter, "--filter \(text): \(why)")
      default:
        guard Self.flags.contains(name) else {
          strings.append(text)
          continue
        }
        throw CacheError(.badFilter, "--filter \(text): \(name) has no value: write it alone")
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

  /// A name and a value of Docker's form, which has one `=` where BuildKit's has two.
  private static func dockerForm(_ text: String) -> (name: String, value: String)? {
    guard let match = text.wholeMatch(of: /\s*([A-Za-z-]+)=([^=~].*)/) else { return nil }
    return (match.1.lowercased(), String(match.2))
  }

  /// A flag is there or not: with a value it matches nothing, which nobody means.
  private static func checkFlags(_ text: String) throws {
    for part in text.split(separator: ",") {
      guard let match = part.wholeMatch(of: /\s*([a-z]+)==.*/), flags.contains(String(match.1)) else { continue }
      throw CacheError(.badFilter, "--filter \(text): \(match.1) has no value: write it alone")
    }
  }

  /// What a filter that matches nothing may have meant.
  static func hints(_ strings: [String], in state: CacheState) -> [String] {
    strings.flatMap { $0.split(separator: ",") }.compactMap { part -> String? in
      if let match = part.wholeMatch(of: /\s*type==(\S+)\s*/) {
        let type = RecordType(rawValue: String(match.1))
        let known = RecordType.known.contains(type) || state.rows.contains { $0.recordType == type }
        return known
          ? nil
          : "no record is of type \(type.rawValue); there are \(RecordType.known.map(\.rawValue).joined(separator: ", "))"
      }
      guard let match = part.wholeMatch(of: /\s*id==(\S+)\s*/) else { return nil }
      let id = String(match.1)
      guard state.index(of: RecordID(id)) == nil, state.rows.contains(where: { $0.id.text.hasPrefix(id) }) else {
        return nil
      }
      return "no record has the id \(id), but some begin so: write id~=^\(id)"
    }
  }
}
