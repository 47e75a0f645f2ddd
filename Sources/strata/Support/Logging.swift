import Logging

/// A logger that tells warnings and worse on standard error: what was repaired at opening is no news to a user.
let quietLogger: Logger = {
  var logger = Logger(label: "strata", factory: { _ in ErrorLog() })
  logger.logLevel = .warning
  return logger
}()

/// Logs on standard error as messages of this program, made safe for a terminal as they are.
private struct ErrorLog: LogHandler {
  var logLevel = Logger.Level.warning
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let facts = metadata.merging(event.metadata ?? [:]) { $1 }.map { ", \($0.key) \($0.value)" }.sorted().joined()
    let cause = event.error.map { ": \($0)" } ?? ""
    printError("\(event.level): \(event.message)\(cause)\(facts)")
  }
}
