/// The words of the screen, of what commands print, and of JSON, each with its one meaning.
public struct Glossary: Sendable {
  /// A word and what it means.
  public struct Term: Sendable, Equatable {
    /// The word.
    public let word: String
    /// What it means, in a sentence or two; what it says of counting is how ``UsageTotals`` counts.
    public let meaning: String
  }

  /// All of them: what a record counts as, in the order in which that is decided, then sums, then what a prune does.
  public static let terms = [
    Term(
      word: "in use",
      meaning: "Somebody holds the record, or one that stands on it. A record counts once, as the first of in use, "
        + "shared, internal and reclaimable that holds: together they are the total."),
    Term(
      word: "shared",
      meaning:
        "Something outside the cache, mostly an image, uses the record, or one that stands on it. In sums: and it "
        + "is not in use."),
    Term(
      word: "internal",
      meaning: "The builder keeps the record for itself, as an internal one or a frontend; a prune takes it with all "
        + "only. In sums: and it is neither in use nor shared."),
    Term(
      word: "reclaimable",
      meaning:
        "It is none of these: a prune takes it, unless something that stays stands on it. buildctl du and buildx "
        + "du call all reclaimable that is not in use, docker system df all that is neither in use nor shared."),
    Term(word: "total", meaning: "All records of the cache."),
    Term(
      word: "used",
      meaning: "The total without what is shared, be it in use or not: what limits such as keep-bytes count."),
    Term(word: "unowned", meaning: "What lies in the cache's folder and belongs to no record."),
    Term(
      word: "frees",
      meaning:
        "The bytes of a record and of all that stands on it: they go together. Of what is shared only the record "
        + "goes, and its bytes when nothing outside uses them any more."),
    Term(
      word: "freed",
      meaning: "The bytes of the records that went, or are to go, shared ones too where all lets them go."),
    Term(
      word: "kept",
      meaning: "The record stays, for the first reason that holds of itself; else what stands on it and stays pins it."),
    Term(
      word: "pinned", meaning: "Kept by nothing but what stands on it and stays, be that shared, internal or young."),
  ]
}
