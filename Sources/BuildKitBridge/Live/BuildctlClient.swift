import BuildCache
import CacheReport
import Programs
import Synchronization

/// Asks a BuildKit daemon through `buildctl`.
final class BuildctlClient: DaemonClient {
  let endpoint: BuildctlEndpoint
  let patience: DaemonPatience
  /// Whether the client was found to be from before v0.11, and knows no JSON.
  let isOld = Guarded(false)

  init(_ endpoint: BuildctlEndpoint, patience: DaemonPatience) {
    (self.endpoint, self.patience) = (endpoint, patience)
  }

  private static let json = ["--format", "{{json .}}"]

  /// As JSON, of an old client as text; of an old daemon, whose messages have an end, in parts.
  func list(into channel: ByteChannel) async throws {
    let sieve = Guarded(JSONSieve())
    do {
      try await asking(["du"], inText: ["--verbose"]) { [self] words in
        let isText = words.contains("--verbose")
        try await endpoint.program(words).ask(endpoint.words, patience: patience.list) { bytes in
          try channel.give(isText ? bytes : sieve.withLock { $0.take(bytes) })
        }
      }
    } catch let error as CacheError where Self.isTooLong(error) {
      try await listInParts(into: channel)
    }
  }

  /// Runs it with JSON where it knows that, else as text.
  func asking(_ words: [String], inText text: [String], _ ask: ([String]) async throws -> Void) async throws {
    if !isOld.withLock({ $0 }) {
      do {
        return try await ask(words + Self.json)
      } catch let error as CacheError where error.cause?.contains("not defined: -format") == true {
        isOld.withLock { $0 = true }
      }
    }
    try await ask(words + text)
  }

  /// What a message says that is longer than its reader takes, as of a large cache's list it is (16 MB).
  private static func isTooLong(_ error: CacheError) -> Bool {
    error.code == .unreachable && error.cause?.contains("message larger than max") == true
  }

  /// The characters that ids are made of.
  private static let idCharacters = Array("0123456789abcdefghijklmnopqrstuvwxyz").map(String.init)

  /// Asks by the beginnings of ids; a part that is too long still is asked for in parts.
  private func listInParts(into channel: ByteChannel) async throws {
    var wanted = ["[^0-9a-z]"] + Self.idCharacters.reversed()
    let count = Guarded(0)
    while let beginning = wanted.popLast() {
      do {
        let words = ["du", "--filter", "id~=^\(beginning)", "--format", "{{range .}}{{json .}}\n{{end}}"]
        let part = try await endpoint.program(words).answer(of: endpoint.words, patience: patience.list)
        count.withLock { $0 += part.count }
        try channel.give(part)
      } catch let error as CacheError where Self.isTooLong(error) && beginning.count < Self.longestBeginning {
        wanted += Self.idCharacters.map { beginning + $0 }.reversed() + ["\(beginning)($|[^0-9a-z])"]
      }
    }
    if count.withLock({ $0 }) == 0 { try channel.give(Array("[]".utf8)) }
  }

  private static let longestBeginning = 4

  func prune(_ rule: PrunePolicy, removed: @escaping @Sendable (RecordID, Int64?) -> Void) async throws {
    do {
      try await prune(Self.words(for: rule), removed)
    } catch let error as CacheError where error.cause?.contains("not defined: -keep-storage-min") == true {
      // A client from before v0.17 knows one limit, and sends it as its daemon takes it.
      try await prune(Self.words(for: rule, loneLimit: "--keep-storage"), removed)
    }
  }

  private func prune(_ options: [String], _ removed: @escaping @Sendable (RecordID, Int64?) -> Void) async throws {
    try await asking(["prune"] + options, inText: ["--verbose"]) { [self] words in
      let channel = ByteChannel()
      async let told: Void = waiting { try RemovedList.read(channel, of: endpoint.words, removed) }
      let sieve = Guarded(JSONSieve())
      let isText = words.contains("--verbose")
      do {
        // A daemon before v0.12 hangs for good where the one who asked for a prune goes away.
        try await endpoint.program(words).ask(endpoint.words, patience: nil) { bytes in
          try channel.give(isText ? bytes : sieve.withLock { $0.take(bytes) })
        }
        channel.end(.success(()))
      } catch {
        channel.end(.success(()))  // what went before is told
        try? await told
        throw error
      }
      try await told
    }
  }

  /// A rule in the options of `buildctl prune`, whose amounts are megabytes of a million bytes.
  ///
  /// - Parameter loneLimit: what a limit that stands alone is said by. Clients from v0.17 on send `--keep-storage` in a form
  ///   that older daemons pass over, and then these remove without a limit; `--keep-storage-min` they send as ever.
  static func words(for rule: PrunePolicy, loneLimit: String = "--keep-storage-min") -> [String] {
    var words: [String] = rule.all ? ["--all"] : []
    for filter in rule.filter.strings { words += ["--filter", filter] }
    if rule.keepDuration.nanoseconds > 0 { words += ["--keep-duration", "\(rule.keepDuration.nanoseconds)ns"] }
    let limits = rule.limits
    if let lone = limits.lone { return lone > 0 ? words + [loneLimit, megabytes(lone)] : words }
    let amounts = [
      ("--keep-storage", limits.maxUsed), ("--keep-storage-min", limits.reserved), ("--free-storage", limits.minFree),
    ]
    for (option, bytes) in amounts where bytes > 0 { words += [option, megabytes(bytes)] }
    return words
  }

  /// So many bytes as the number from which `buildctl` makes just as many: it multiplies by a million, and cuts off.
  static func megabytes(_ bytes: Int64) -> String {
    var number = Double(bytes) / 1e6
    if Int64(exactly: (number * 1e6).rounded(.towardZero)) ?? .max < bytes { number = number.nextUp }
    return "\(number)"
  }

  func rule(for ids: [RecordID], all: Bool) throws -> PrunePolicy {
    PrunePolicy(all: all, filter: try Filter(parsing: ids.map { "id==\(try $0.quotedForFilter)" }))
  }

  func canSay(_ rule: PrunePolicy, to facts: DaemonFacts) -> Bool {
    rule.filter.isBuildKits && (rule.limits.lone != nil || facts.era.map { $0.minor >= 17 } == true)
  }
}

extension SpaceLimits {
  /// The only limit, which daemons of any age know, or 0 for none; nothing where there are several, or min free.
  var lone: Int64? { minFree > 0 || maxUsed > 0 && reserved > 0 ? nil : max(maxUsed, reserved) }
}

/// Lets through what is JSON: what is wrong about its options an old client prints where a list belongs.
struct JSONSieve {
  private var isJSON: Bool?

  mutating func take(_ bytes: [UInt8]) -> [UInt8] {
    if isJSON == nil, let first = bytes.first(where: { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }) {
      isJSON = [UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "n")].contains(first)
    }
    return isJSON == true ? bytes : []
  }
}

extension RecordID {
  /// Whether it is of small letters and digits alone, as BuildKit makes them.
  var isPlain: Bool { text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) } }

  /// As a filter has it, in quotes where it is not of letters and digits alone.
  ///
  /// - Throws: ``CacheError`` `badInput` where no filter can have it.
  var quotedForFilter: String {
    get throws(CacheError) {
      let bytes = text.utf8
      if isPlain { return text }
      guard bytes.allSatisfy({ (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
      else { throw CacheError(.badInput, "record \(text) has an id that no filter can name") }
      return "\"\(text)\""
    }
  }
}
