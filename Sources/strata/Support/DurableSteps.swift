import BuildCacheStore
import Glibc

/// What durable steps pass: in a debug build `STRATA_KILL=before:3` ends the process without warning before the third,
/// `after:3` after it, so that a test can see what the next one finds; `interrupt:3` is Ctrl-C before it.
let durableSteps: DurableSteps = {
  #if DEBUG
    if let text = getenv("STRATA_KILL").map({ String(cString: $0).split(separator: ":") }), text.count == 2,
      let wanted = Int(text[1])
    {
      let moment: DurableSteps.Moment = text[0] == "after" ? .after : .before
      let isInterrupt = text[0] == "interrupt"
      return DurableSteps { number, _, now in
        guard number == wanted && now == moment else { return }
        kill(getpid(), isInterrupt ? SIGINT : SIGKILL)
        while isInterrupt && !Task.isCancelled { sched_yield() }
      }
    }
  #endif
  return .unwatched
}()
