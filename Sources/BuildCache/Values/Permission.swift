/// Whether something may be done: by whom, or why not.
public enum Permission<Means> {
  /// It may, by this.
  case allowed(Means)
  /// It may not, for this reason, in a few words.
  case refused(why: String)

  /// Why not; nothing where it may.
  public var refusal: String? { if case .refused(let why) = self { why } else { nil } }

  /// By whom.
  ///
  /// - Throws: ``CacheError`` `readOnly` with the reason where it may not.
  public func means(to act: String) throws(CacheError) -> Means {
    switch self {
    case .allowed(let means): return means
    case .refused(let why): throw CacheError(.readOnly, "can't \(act): \(why)")
    }
  }
}

extension Permission: Sendable where Means: Sendable {}
