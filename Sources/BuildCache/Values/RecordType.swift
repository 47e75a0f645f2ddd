/// What a record was made for, in BuildKit's words; any other text is kept as it is.
public struct RecordType: RawRepresentable, Hashable, Sendable {
  /// The text that is stored and printed.
  public let rawValue: String

  /// Makes a type of any text; the empty text reads as `regular` (C5).
  public init(rawValue: String) {
    self.rawValue = rawValue.isEmpty ? "regular" : rawValue
  }

  /// A build step's result.
  public static let regular = RecordType(rawValue: "regular")
  /// What the builder keeps for itself; pruned only with `all` (D2).
  public static let `internal` = RecordType(rawValue: "internal")
  /// A frontend's image; pruned only with `all` (D2).
  public static let frontend = RecordType(rawValue: "frontend")
  /// Files sent from a client.
  public static let sourceLocal = RecordType(rawValue: "source.local")
  /// A checkout of a git repository.
  public static let sourceGitCheckout = RecordType(rawValue: "source.git.checkout")
  /// A cache mount of an exec step.
  public static let execCacheMount = RecordType(rawValue: "exec.cachemount")

  /// Those that BuildKit makes.
  public static let known = [regular, `internal`, frontend, sourceLocal, sourceGitCheckout, execCacheMount]

  /// Whether a prune leaves it alone unless told `all` (D2).
  public var isKeptUnlessAll: Bool {
    self == .internal || self == .frontend
  }
}
