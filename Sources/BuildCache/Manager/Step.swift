/// What happens under the lock as one transaction: the changes for the store, and the way back for memory.
///
/// Only for what changes memory while it finds out what has to be stored; see ``CacheManager`` for the order.
struct Step {
  /// What the store is given.
  var changes: [StoreChange] = []
  private var undoing: [(inout CacheManager.State) -> Void] = []

  /// Says how to take back what is changed next.
  mutating func undo(_ action: @escaping (inout CacheManager.State) -> Void) {
    undoing.append(action)
  }

  /// To be called before a record is changed.
  mutating func keep(_ record: Record) {
    let (metadata, parents, equalMutable, equalImmutable) =
      (record.metadata, record.parents, record.equalMutable, record.equalImmutable)
    let (refCount, useCount, isMarkedDead, isHeld, hasView) =
      (record.refCount, record.useCount, record.isMarkedDead, record.isHeld, record.hasView)
    let remnant = record.remnant
    undo { _ in
      record.takeBack(remnant)
      (record.metadata, record.parents, record.equalMutable, record.equalImmutable) =
        (metadata, parents, equalMutable, equalImmutable)
      (record.refCount, record.useCount, record.isMarkedDead, record.isHeld, record.hasView) =
        (refCount, useCount, isMarkedDead, isHeld, hasView)
    }
  }

  /// To be called before a handle, but not its record, is changed.
  mutating func keep(_ handle: Handle) {
    let (countsAsUse, isHeld) = (handle.countsAsUse, handle.isHeld)
    undo { _ in (handle.countsAsUse, handle.isHeld) = (countsAsUse, isHeld) }
  }

  /// Makes a record that holds its parents.
  mutating func insert(_ metadata: RecordMetadata, parents: [Record], _ state: inout CacheManager.State) -> Record {
    for parent in parents { keep(parent) }
    let record = Record(metadata, parents: parents)
    state.insert(record)
    undo { $0.remove(record) }
    return record
  }

  /// Takes a record out, if it is the one of its id.
  mutating func remove(_ record: Record, _ state: inout CacheManager.State) {
    guard state.records[record.id] === record else { return }
    state.remove(record)
    undo { $0.insert(record) }
  }

  /// Makes memory as it was before the step.
  fileprivate func takeBack(_ state: inout CacheManager.State) {
    for action in undoing.reversed() { action(&state) }
  }
}

extension CacheManager {
  /// Carries out a step under the lock: where it, or the store, throws, memory is as it was.
  func inOneStep<Result>(_ state: inout State, _ body: (inout State, inout Step) throws -> Result) throws -> Result {
    var step = Step()
    do {
      let result = try body(&state, &step)
      if !step.changes.isEmpty { try store.apply(step.changes) }
      return result
    } catch {
      step.takeBack(&state)
      throw error
    }
  }
}
