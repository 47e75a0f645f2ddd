/// What a mouse did.
public struct Mouse: Sendable, Equatable {
  /// The button or wheel, and how.
  public enum Kind: Sendable, Equatable {
    case click, doubleClick, wheelUp, wheelDown
  }
  /// What was done.
  public var kind: Kind
  /// Where.
  public var place: Point

  /// Makes one.
  public init(_ kind: Kind, at place: Point) {
    self.kind = kind
    self.place = place
  }
}
