/// Stand-in until the filter branch is merged.
public struct Filter: Sendable, Equatable {
  public static let all = Filter()
  func matches(_ row: CacheState.Row) -> Bool { true }
}
extension CacheState.Row { var seenByPrune: CacheState.Row { self } }
