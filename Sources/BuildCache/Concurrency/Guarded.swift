import Synchronization

#if THREAD_SANITIZER
  import Glibc

  /// `Mutex` by way of pthread: the thread sanitizer doesn't see what Swift's own lock orders, and would report every
  /// use of it as a race. For such builds only (`-DTHREAD_SANITIZER`).
  ///
  /// Its guard is the lock beside the value.
  package final class Guarded<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    package init(_ value: sending Value) {
      self.value = value
      pthread_mutex_init(lock, nil)
    }

    deinit {
      pthread_mutex_destroy(lock)
      lock.deallocate()
    }

    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      return try body(&value)
    }
  }
#else
  /// What guards a value: Swift's own lock.
  package typealias Guarded<Value: ~Copyable> = Mutex<Value>
#endif
