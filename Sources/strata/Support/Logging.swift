import Logging

/// A logger that tells warnings and worse on standard error: what was repaired at opening is no news to a user.
let quietLogger: Logger = {
  var logger = Logger(label: "strata", factory: { StreamLogHandler.standardError(label: $0) })
  logger.logLevel = .warning
  return logger
}()
