/// Texts that are no list that can be read, by their own names.
enum ForeignText {
  /// What a text is, and what to do, behind the file's name.
  ///
  /// - Parameters:
  ///   - first: its first line that isn't blank.
  ///   - next: gives the lines after it.
  /// - Throws: what `next` throws.
  static func words(for first: String, _ next: () throws -> String?) throws -> String {
    let heading = first.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let lowercased = heading.lowercased()
    func begins(_ words: String...) -> Bool { words.contains { lowercased.hasPrefix($0) } }

    if heading.hasPrefix("ID RECLAIMABLE SIZE") { return try table(isBuildctl: first.contains("\t"), next) }
    if begins("images space usage:", "containers space usage:", "build cache usage:", "cache id ") {
      return "is the table of `docker system df -v`, which cuts ids short and names no parents: "
        + ListOrigin.docker.advice
    }
    if begins("type total active") {
      return "is the summary of `docker system df`, which has no records: \(ListOrigin.docker.advice)"
    }
    if begins("deleted build cache objects", "total reclaimed space", "warning! this will remove") {
      return "is what `docker builder prune` removed, not what there is: \(ListOrigin.docker.advice)"
    }
    if begins("id kind size state") {
      return "is the table of `strata du`, which is rounded and names no parents: save `strata du --format json`"
    }
    if begins("<") { return "is an HTML or XML page, not a list: \(ListOrigin.unknown.advice)" }
    if begins("http/") {
      return "begins with HTTP headers: leave out curl's -i; \(ListOrigin.engine.advice)"
    }
    if begins("error", "curl:", "cannot connect", "permission denied", "got permission denied", "docker:", "failed") {
      return "is an error message (\(shown(first))), not a list: \(ListOrigin.unknown.advice)"
    }
    if first.utf8.starts(with: [0x1f]) || first.hasPrefix("PK") || first.unicodeScalars.contains("\u{fffd}") {
      return "is a compressed file or another that holds no text: unpack it, or \(ListOrigin.unknown.advice)"
    }
    return "begins with \"\(shown(first))\": this is no JSON, and no list of disk usage that is known; "
      + ListOrigin.unknown.advice
  }

  private static func shown(_ line: String) -> String { line.count > 120 ? line.prefix(120) + "…" : line }

  /// A table of records: what is there, or what a prune removed, which ends with one sum only.
  private static func table(isBuildctl: Bool, _ next: () throws -> String?) throws -> String {
    let program = isBuildctl ? "buildctl" : "docker buildx"
    let origin = isBuildctl ? ListOrigin.buildctl : .buildx
    var (hasTotal, hasMore) = (false, false)
    while let line = try next() {
      if line.hasPrefix("Total:") { hasTotal = true }
      if line.hasPrefix("Reclaimable:") { hasMore = true }
    }
    if hasTotal && !hasMore { return "is what `\(program) prune` removed, not what there is: \(origin.advice)" }
    return "is the table of `\(program) du`, which names no parents: \(origin.advice)"
  }
}
