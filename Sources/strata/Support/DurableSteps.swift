import BuildCacheStore
import Glibc

/// What durable steps pass: in a debug build `STRATA_KILL=before:3` ends the process without warning before the third,
/// `after:3` after it, so that a test can see what the next one finds.
let durableSteps: DurableSteps = {
  #if DEBUG
    if let text = getenv("STRATA_KILL").map({ String(cString: $0).split(separator: ":") }), text.count == 2,
      let wanted = Int(text[1])
    {
      let moment: DurableSteps.Moment = text[0] == "before" ? .before : .after
      return DurableSteps { number, _, now in
        if number == wanted && now == moment { kill(getpid(), SIGKILL) }
      }
    }
  #endif
  return .unwatched
}()
