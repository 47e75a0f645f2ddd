import BuildCache
import TestSupport
import Testing

private struct Subject: FilterSubject {
  var values: [FilterKey: String] = [.id: "abc", .description: "pulled from x", .type: "regular", .mutable: ""]
  func filterValue(_ key: FilterKey) -> String? { values[key] }
}

@Suite("D7: filters") struct FilterTests {
  @Test(
    "matches",
    arguments: [
      "", "mutable", "id==abc", "id==\"abc\"", "id!=abd", "id~=^a", "id~=b", "description~=/pulled .rom/",
      "description~=|from|", "description==\"pulled from x\"", "description==\"\\160ulled\\x20from \\u0078\"",
      "mutable,id==abc", "mutable, id==abc", " id == abc", "x!=y", "shared!=y", "inuse==\"\",mutable", "type",
      "description==\"pulled\\tfrom x\",id~=\"zzz\"",
    ])
  func matches(_ text: String) throws {
    // The last two can't hold: an absent flag is not equal to anything, even to empty text.
    let holds = !text.hasPrefix("inuse==") && !text.contains("zzz")
    #expect(try Filter(parsing: [text]).matches(Subject()) == holds)
  }

  @Test(
    "can't be parsed",
    arguments: [
      "type=regular", "type===x", "id==", "id==a,", "!mutable", ",", "id==a b", "id ", "id==\"a", "id==\"\\q\"",
      "id==\"\\400\"", "id==\"\\x4\"", "id==.a", "id===a", "id==/a/b,", "id>3", "id==a\0", "id==~a", "id~=|a",
    ])
  func cantBeParsed(_ text: String) {
    let isValue = text == "id==/a/b,"  // only after ~= are slashes quotes; here the comma at the end is the fault
    #expect(throws: CacheError.self, "\(isValue)") { try Filter(parsing: [text]) }
  }

  @Test("the message names the string and the place") func message() {
    #expect {
      try Filter(parsing: ["type=regular"])
    } throws: { error in
      (error as? CacheError)?.message
        == "filter \"type=regular\": = is no operator: expected ==, != or ~= (character 5)"
    }
  }

  @Test(
    "a string is taken apart where the grammar has its commas, Docker's form besides",
    arguments: [
      ("", []), (" type == \"a,inuse==b\" ", nil),
      ("type==\"source.local\",mutable", ["type == source.local", "mutable  "]),
      ("description~=/a,b/, id=a|b", ["description ~= a,b", "id = a|b"]),
      ("id=/a,b/,unused-for=24h", ["id = a,b", "unused-for = 24h"]), ("id==a\"b,c", ["id == a\"b", "c  "]),
      ("size>3GB", ["size > 3GB"]), ("type=", nil), ("a=b=c", ["a = b=c"]), ("type===x", nil), ("mutable,", nil),
    ] as [(String, [String]?)])
  func clauses(_ text: String, _ clauses: [String]?) throws {
    let found = try? FilterClause.all(in: text).map { "\($0.key) \($0.sign ?? "") \($0.valueWords)" }
    #expect(found == clauses)
  }

  @Test("an empty list matches all, several strings are or") func lists() throws {
    #expect(try Filter(parsing: []).matches(Subject()))
    #expect(try Filter(parsing: ["id==x", "mutable"]).matches(Subject()))
    #expect(try !Filter(parsing: ["id==x", "shared"]).matches(Subject()))
  }

  @Test("an unknown key is never present, and refused where a user typed it") func unknownKey() throws {
    let filter = try Filter(parsing: ["nosuch"])
    #expect(!filter.matches(Subject()))
    #expect {
      try filter.checked()
    } throws: { error in
      (error as? CacheError)?.message.contains("the keys are id, parents, description") == true
    }
  }

  @Test("a regular expression that can't be compiled matches nothing, and is refused where a user typed it")
  func badExpression() throws {
    let filter = try Filter(parsing: ["id~=\"(\""])
    #expect(!filter.matches(Subject()))
    #expect(throws: CacheError.self) { try filter.checked() }
  }

  /// Three records: 500 MB used 10 days ago, 5 kB never used and made an hour ago, 0 B used now.
  private var state: CacheState {
    func row(_ id: RecordID, _ size: Int64, _ uses: Int, made: Int64, used: Int64?, _ description: String)
      -> CacheState.Row
    {
      CacheState.Row(
        id: id, kind: id == "c" ? .merge : .base, size: size,
        createdAt: Timestamp(nanoseconds: 0).advanced(by: .seconds(made)),
        lastUsedAt: used.map { Timestamp(nanoseconds: 0).advanced(by: .seconds($0)) }, usageCount: uses,
        description: description)
    }
    var builder = CacheState.Builder()
    builder.add(row("a", 500_000_000, 7, made: 0, used: 0, "RUN npm Install"), parents: [])
    builder.add(row("b", 5000, 0, made: 860_400, used: nil, "COPY . /src a=b"), parents: [])
    builder.add(row("c", 0, 1, made: 0, used: 864_000, ""), parents: ["a", "b"])
    return builder.finish()
  }

  private func picked(_ filter: Filter) -> String {
    state.keeping(matching: filter, now: Timestamp(nanoseconds: 0).advanced(by: .seconds(864_000))).rows.map(\.id.text)
      .joined()
  }

  @Test(
    "sizes, uses and ages are compared",
    arguments: [
      ("size>100MB", "a"), ("size>=500MB", "a"), ("size>500MB", ""), ("size<5kB", "c"), ("size<=5000", "bc"),
      ("uses<=1", "bc"), ("uses>0,uses<7", "c"), ("age>9d", "a"), ("age>=10d", "a"), ("age<2h", "bc"),
      ("age < 30m", "c"),
      ("size > 1kB , age<2h", ""), ("size>1kB, age<2h", "b"), ("age>=\"1h\"", "ab"), ("size>1kB,type==regular", "ab"),
    ])
  func quantities(_ text: String, _ ids: String) throws {
    guard text != "size > 1kB , age<2h" else {
      // As everywhere in the grammar no space stands after a value.
      #expect(throws: CacheError.self) { try Filter(parsing: [text]) }
      return
    }
    let filter = try Filter(parsing: [text]).checked()
    #expect(picked(filter) == ids)
    #expect(!filter.isBuildKits)
    #expect(try Filter(typed: text) == filter)
  }

  @Test(
    "what can't be compared says what can",
    arguments: [
      ("size>20G", "20G is no size (GB or GiB?)"), ("age>soon", "soon is no duration"),
      ("uses>x", "x is no whole number"),
      ("id>3", "> is no operator"), ("size<>3", "<> is no operator"), ("size==3", "\"size\" is compared with"),
      ("nosuch>1", "> is no operator"), ("nosuch==1", "there is no \"nosuch\""), ("type=regular", "= is no operator"),
      ("size>", "expected a value"),
    ])
  func incomparable(_ text: String, _ words: String) {
    #expect {
      try Filter(typed: text)
    } throws: { error in
      (error as? CacheError)?.message.contains(words) == true
    }
  }

  @Test("BuildKit's own grammar is as it was: it knows no quantities, and they are never present") func unchanged()
    throws
  {
    #expect(try picked(Filter(parsing: ["size"])) == "")
    #expect(try picked(Filter(parsing: ["size!=1"])) == "abc")
    #expect(try Filter(parsing: ["type==regular"]).isBuildKits)
  }

  @Test(
    "plain words all have to stand in id, description, type or kind",
    arguments: [
      ("npm", "a"), ("install RUN", "a"), ("npm copy", ""), ("merge", "c"), ("a=b", "b"), ("/src", "b"), ("", "abc"),
      ("  ", "abc"), ("mutable", ""), ("immutable", "abc"), ("immutable,private", "abc"), ("immutable npm", ""),
      ("regular", "abc"),
    ])
  func words(_ text: String, _ ids: String) throws {
    #expect(picked(try Filter(typed: text)) == ids)
  }

  @Test("a prune plan takes the same filter") func plan() throws {
    for (text, ids) in [("size>100MB", ""), ("uses<=1", "cb"), ("age>9d", ""), ("merge", "c"), ("", "cab")] {
      let policy = PrunePolicy(filter: try Filter(typed: text))
      let now = Timestamp(nanoseconds: 0).advanced(by: .seconds(864_000))
      let plan = try PrunePlan(state, policies: [policy], now: now)
      #expect(Set(plan.victims.map { state.rows[$0.row].id }) == Set(ids.map { RecordID(String($0)) }), "\(text)")
    }
  }

  @Test("what pruning each row frees is worked out for all at once as for each alone") func sizes() {
    for seed in 1...UInt64(long(100)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(0...60), &random)
      #expect(
        state.sizesWithDescendants() == state.rows.indices.map { state.sizeWithDescendants(of: $0) }, "seed \(seed)")
    }
  }
}
