import Synchronization

/// The one place that every durable step passes, and every reading of the store, so that a test can make the nth of them
/// fail, or end the process around it, for every n.
public final class DurableSteps: Sendable {
  /// When a watcher is called.
  public enum Moment: Sendable {
    /// The step has not been done.
    case before
    /// It has been done, and whoever asked for it does not know.
    case after
    /// It is no durable step: the store is about to be read. Readings have numbers of their own.
    case reading
  }

  private let watch: (@Sendable (_ number: Int, _ name: String, _ moment: Moment) throws -> Void)?
  private let count = Atomic(0)
  private let readings = Atomic(0)

  /// Steps that nobody watches.
  public static let unwatched = DurableSteps(watch: nil)

  /// Steps that are watched.
  ///
  /// - Parameter watch: called around each step with its number, from 1, and a name; what it throws fails the step.
  public convenience init(_ watch: @escaping @Sendable (_ number: Int, _ name: String, _ moment: Moment) throws -> Void)
  {
    self.init(watch: watch)
  }

  private init(watch: (@Sendable (Int, String, Moment) throws -> Void)?) {
    self.watch = watch
  }

  /// Does a step.
  func pass<T>(_ name: String, _ step: () throws -> T) throws -> T {
    guard let watch else { return try step() }
    let number = count.add(1, ordering: .relaxed).newValue
    try watch(number, name, .before)
    let result = try step()
    try watch(number, name, .after)
    return result
  }

  /// Reads.
  func read<T>(_ name: String, _ body: () throws -> T) throws -> T {
    if let watch { try watch(readings.add(1, ordering: .relaxed).newValue, name, .reading) }
    return try body()
  }
}
