/// What changed from one tree to another; an absent side is an empty tree.
public struct TreeDifference: Sendable, Equatable {
  /// Before.
  public var lower: TreeID?
  /// After.
  public var upper: TreeID?
  /// Whether it is a layer over what it stands on: the removals that were kept of it then belong to it.
  public var isLayer: Bool

  /// Makes a difference.
  public init(lower: TreeID?, upper: TreeID?, isLayer: Bool = false) {
    self.lower = lower
    self.upper = upper
    self.isLayer = isLayer
  }
}
