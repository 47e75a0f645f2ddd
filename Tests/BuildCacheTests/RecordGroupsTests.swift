import BuildCache
import CacheReport
import TestSupport
import Testing

@Suite("Groups of records") struct RecordGroupsTests {
  private static let now = Timestamp(nanoseconds: 10_000_000_000)

  /// A row of the state below: its id, what it is, what it stands on.
  private typealias Sample = (id: RecordID, description: String, parents: [RecordID])

  private func state(
    _ samples: [Sample], _ change: (inout CacheState.Row) -> Void = { _ in }
  ) -> CacheState {
    var builder = CacheState.Builder()
    for (number, sample) in samples.enumerated() {
      var row = CacheState.Row(
        id: sample.id, kind: nil, size: Int64(1) << Int64(number), createdAt: Timestamp(nanoseconds: 0),
        description: sample.description)
      change(&row)
      builder.add(row, parents: sample.parents)
    }
    return builder.finish()
  }

  private func groups(_ state: CacheState, by key: RecordGrouping.Key) -> [String: Set<String>] {
    let groups = RecordGroups(
      state, RecordGrouping(state, by: key, now: Self.now), order: Array(state.rows.indices))
    return Dictionary(
      uniqueKeysWithValues: groups.groups.enumerated().map { number, group in
        (group.name, Set(groups.rows(of: number).map { state.rows[$0].id.text }))
      })
  }

  @Test("each listed record is in exactly one group, and the sums add up", arguments: RecordGrouping.Key.allCases)
  func partition(_ key: RecordGrouping.Key) {
    for seed in 1...UInt64(long(40)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(0...60), &random)
      let order = state.rows.indices.filter { _ in random.chance(80) }.sorted { state.rows[$0].id < state.rows[$1].id }
      let groups = RecordGroups(state, RecordGrouping(state, by: key, now: Self.now), order: order)
      let members = groups.groups.indices.map { Array(groups.rows(of: $0)) }
      #expect(members.joined().sorted() == order.sorted())
      #expect(Set(groups.groups.map(\.id)).count == groups.groups.count)
      for (number, group) in groups.groups.enumerated() {
        let rows = members[number]
        #expect(!rows.isEmpty && group.count == rows.count)
        #expect(group.bytes == rows.reduce(0) { $0 + state.rows[$1].size })
        // As in the list, so in the group.
        #expect(rows == order.filter(Set(rows).contains))
        let freed = Set(rows).union(state.descendants(of: rows))
        #expect(group.frees == freed.reduce(0) { $0 + state.rows[$1].size })
        #expect(rows.allSatisfy { groups.group(of: $0) == number })
      }
      #expect(zip(groups.groups, groups.groups.dropFirst()).allSatisfy { $0.bytes >= $1.bytes })
      for row in Set(state.rows.indices).subtracting(order) { #expect(groups.group(of: row) == nil) }
    }
  }

  @Test("a project is the stage that stands on a record; what several share is a group of its own") func stages() {
    let state = state([
      ("node", "pulled from docker.io/library/node:20@sha256:0123", []),
      ("deps", "[deps 2/3] COPY package.json .", ["node"]),
      ("web1", "[linux/amd64 web 5/8] RUN npm ci", ["deps"]),
      ("web2", "mount / from exec /bin/sh -c npm test", ["web1"]),
      ("api1", "[api 1/2] COPY . .", ["node"]), ("api2", "mount / from exec /bin/sh -c go build ./...", ["api1"]),
      ("alone", "[lint 1/1] RUN lint", []), ("bare", "mount / from exec true", ["node"]),
      ("mount", "cached mount /root/.npm from exec /bin/sh -c npm ci with id \"npm\"", []),
      ("plain", "mount / from exec something", []), ("nameless", "[2/4] COPY a.txt /a", []),
      ("ctx", "[internal] load build context", []),
      ("lone", "pulled from ghcr.io/acme/tool@sha256:4567", []),
      // Two Dockerfiles without a stage's name on one base, the one of them built twice.
      ("py", "pulled from python:3", []), ("py1", "[2/3] COPY a /a", ["py"]), ("py2", "[2/3] COPY a /a", ["py"]),
      ("run1", "mount / from exec /bin/sh -c flask run", ["py1"]),
      ("run2", "mount / from exec /bin/sh -c flask run", ["py2"]), ("other", "[stage-1 2/2] COPY b /b", ["py"]),
      ("step", "mount / from exec /bin/sh -c on nothing", []),
    ])
    #expect(
      groups(state, by: .stage) == [
        "shared by COPY b /b, RUN flask run": ["py"], "what ends with RUN flask run": ["py1", "py2", "run1", "run2"],
        "what ends with COPY b /b": ["other"], "what ends with COPY a.txt /a": ["nameless"],
        "what ends with RUN something": ["plain"], "what ends with RUN on nothing": ["step"],
        "shared by api, web": ["node"], "stage web": ["deps", "web1", "web2", "mount"], "stage api": ["api1", "api2"],
        "stage lint": ["alone"], "image node:20": ["bare"], "no stage or image": ["ctx"],
        "image ghcr.io/acme/tool@sha256:4567": ["lone"],
      ])
  }

  @Test("more projects than can be told are one group") func manyProjects() {
    let leaves = (0..<20).map { Sample("l\($0)", "[s\($0) 1/1] RUN x", ["base"]) }
    let groups = groups(state([("base", "a base", [])] + leaves), by: .stage)
    #expect(groups["shared by more than 8"] == ["base"] && groups.count == 21)
  }

  @Test("records of the same holders go together") func holders() {
    let state = state([
      ("base", "b", []), ("used", "u", ["base"]), ("free", "f", ["base"]), ("tagged", "t", ["base"]),
      ("loose", "l", []),
    ]) { row in
      if row.id == "used" { row.outsideRefs = 1 }
      if row.id == "tagged" { row.isReferenced = true }
    }
    #expect(
      groups(state, by: .holder) == [
        "in use and shared by used u, tagged t": ["base"], "in use by used u": ["used"],
        "shared by tagged t": ["tagged"], "held by nobody": ["free", "loose"],
      ])
  }

  @Test("ages are counted from the last use, or from when a record was made; a clock that is ahead is now") func ages()
  {
    var builder = CacheState.Builder()
    let now = Timestamp(nanoseconds: 1_000_000_000_000_000_000)
    for (id, created, used) in [
      ("a", 100, 0), ("b", 100, 2), ("c", 5, nil), ("d", 40, nil), ("e", 400, nil), ("f", 400, -3),
    ] as [(RecordID, Int64, Int64?)] {
      builder.add(
        CacheState.Row(
          id: id, kind: nil, size: 1, createdAt: now.advanced(by: .seconds(-86_400 * created)),
          lastUsedAt: used.map { now.advanced(by: .seconds(-86_400 * $0)) }), parents: [])
    }
    let state = builder.finish()
    let groups = RecordGroups(
      state, RecordGrouping(state, by: .age, now: now), order: Array(state.rows.indices))
    // Groups that are alike stand by age.
    #expect(
      groups.groups.map(\.name) == [
        "used in the last hour", "used in the last week", "used in the last 90 days", "not used for 90 days",
      ])
    #expect(groups.groups.map(\.count) == [2, 2, 1, 1])
  }
}
