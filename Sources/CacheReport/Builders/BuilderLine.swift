import BuildCache

/// A builder as a list shows it.
public struct BuilderLine: Sendable {
  /// What is known of a builder's cache.
  public enum Outcome: Sendable {
    /// It answered.
    case answered(BuilderFigures)
    /// It did not, and why.
    case failed(CacheError)
  }

  /// The builder.
  public internal(set) var builder: Builder
  /// What it answered last; absent where it was never asked.
  public internal(set) var outcome: Outcome?
  /// Whether it is being asked.
  public internal(set) var isAsked = false

  /// What it answered; absent where it did not, or not yet.
  public var figures: BuilderFigures? { if case .answered(let figures) = outcome { figures } else { nil } }
  /// Why it did not answer; absent where it did, or may yet.
  public var error: CacheError? { if case .failed(let error) = outcome { error } else { nil } }

  /// How it is, in a word.
  public var state: String {
    switch outcome {
    case nil: return "asking"
    case .answered(let figures): return figures.isOld ? "old" : "ok"
    case .failed(let error):
      switch error.obstacle {
      case .asleep: return "asleep"
      case .silent: return "slow"
      case .forbidden: return "refused"
      case .gone: return "gone"
      case nil: return "error"
      }
    }
  }

  /// What is to be said of it: when its rules take something, or why it doesn't answer and what to do, in a few words
  /// where these say it all.
  public func words(in units: ByteUnits) -> String {
    switch outcome {
    case nil: return ""
    case .answered(let figures): return figures.collection.words(in: units)
    case .failed(let error):
      switch error.obstacle {
      case .asleep: return builder.waking.map { "`\($0)` wakes it" } ?? error.description
      case .gone: return builder.place.isEmpty ? error.description : "nobody answers at \(builder.place)"
      // What to do is in the message; what a program said besides is more than a line.
      case .forbidden, .silent: return error.message
      case nil: return error.description
      }
    }
  }

  /// What there is to say besides, in a sentence: its version and where it is.
  public var remark: String {
    let version = figures?.version.map { $0.first?.isNumber == true || $0.first == "v" ? "BuildKit \($0)" : $0 }
    let age = figures?.isOld == true ? "prunes as BuildKit before v0.22" : nil
    return [version, age, builder.place.isEmpty ? nil : builder.place].compactMap(\.self).joined(separator: ", ")
  }

  /// What hurts most comes first: those that no rule will ever take anything from and whose disk is nearly full; those
  /// whose disk is nearly full; the others by size; those that have not answered yet; those that don't answer.
  static func hurtsMore(_ a: BuilderLine, _ b: BuilderLine) -> Bool {
    let (left, right) = (a.urgency, b.urgency)
    guard left == right else { return left < right }
    let sizes = (a.figures?.totals.all.bytes ?? 0, b.figures?.totals.all.bytes ?? 0)
    return sizes.0 == sizes.1 ? (a.builder.name, a.id) < (b.builder.name, b.id) : sizes.0 > sizes.1
  }

  private var urgency: Int {
    switch outcome {
    case .answered(let figures): figures.isDiskShort ? figures.isUnruled ? 0 : 1 : 2
    case nil: 3
    case .failed: 4
    }
  }
}

extension BuilderLine: Identifiable {
  /// The builder's.
  public var id: String { builder.id }
}

extension Builder {
  /// Asks it, and adds up what it answers.
  ///
  /// - Parameter also: is given the reading besides.
  public func outcome(also: @Sendable (Reading) -> Void = { _ in }) async -> BuilderLine.Outcome {
    do {
      let reading = try await read()
      also(reading)
      return .answered(try BuilderFigures(reading))
    } catch let error as CacheError {
      return .failed(error)
    } catch {
      return .failed(CacheError(.unreachable, error is CancellationError ? "stopped" : "\(error)"))
    }
  }
}
