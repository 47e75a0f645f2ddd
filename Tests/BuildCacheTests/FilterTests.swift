import BuildCache
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
}
