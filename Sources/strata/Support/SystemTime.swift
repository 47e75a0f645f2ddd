import BuildCache
import CacheReport
import Glibc

extension LocalTime {
  /// The clock of whoever runs the program: that of `TZ`, else that of the machine.
  static let system = LocalTime { time in
    var seconds = time_t(time.nanoseconds / 1_000_000_000)
    var parts = tm()
    return localtime_r(&seconds, &parts) == nil ? 0 : Int64(parts.tm_gmtoff)
  }
}
