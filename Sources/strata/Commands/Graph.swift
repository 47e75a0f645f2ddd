import ArgumentParser
import BuildCache
import BuildCacheStore
import CacheReport
import Terminal

/// `strata graph`: the ref graph, whole or around one record.
struct Graph: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how records stand on each other, whole or around one record.",
    discussion: """
      As text, children stand above their parents, each with a lane that the lines from its children join: single lines \
      lead to layers, double ones to what was merged, dotted ones from a diff to its lower side (▽, v) and upper side \
      (△, ^). The first line counts records and lanes. A merge of very many has lanes to the first few, and the others \
      are counted below it: JSON and DOT name them all. In a terminal lines fit its width.
      """)

  /// How the graph is printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, dot, json
  }

  @OptionGroup var source: SourceOptions
  @Argument(help: "Only what this record stands on, and what stands on it.") var id: String?
  @OptionGroup var sizes: UnitsOptions
  @Option(help: "How to print it.") var format = Format.text
  @Flag(help: "Draw with ASCII signs only, as is done where the locale has no UTF-8.") var ascii = false

  func run() async throws {
    let reading = try await source.read()
    let state = try around(reading.state)
    switch format {
    case .text: try printText(state, now: reading.moment)
    case .dot: printDot(state)
    case .json: try printJSON(GraphJSON(state))
    }
  }

  private func around(_ state: CacheState) throws -> CacheState {
    guard let id else { return state }
    let center = try state.resolve(id)
    let wanted = state.ancestors(of: center).union(state.descendants(of: center)).union([center])
    return state.keeping { _, number in wanted.contains(number) }
  }

  private func printText(_ state: CacheState, now: Timestamp) throws {
    let layout = try GraphLayout(state)
    let listing = GraphListing(
      layout, of: state, now: now, isASCII: ascii || !TerminalScreen.localeIsUTF8, units: sizes.units,
      columns: output.width)
    output.line(listing.head(around: try id.map { state.rows[try state.resolve($0)].id }))
    for row in 0..<layout.count { output.lines(listing.lines(ofRow: row)) }
  }

  private func printDot(_ state: CacheState) {
    output.text("digraph cache {\n  rankdir=BT; node [shape=box];")
    for (number, row) in state.rows.enumerated() {
      let label = quoted(String(row.id.text.prefix(8)), RecordName(row.description).text, sizes.amount(row.size))
      output.line("  \(quoted(row.id.text)) [label=\(label)];")
      for edge in GraphJSON.edges(of: number, in: state) {
        let style =
          switch edge.role {
          case .layer: "solid"
          case .merge: "bold"
          case .lower, .upper: "dotted"
          }
        output.line(
          "  \(quoted(row.id.text)) -> \(quoted(edge.parent.text)) [style=\(style), label=\(quoted(edge.role.rawValue))];"
        )
      }
    }
    output.line("}")
  }

  /// Lines as one text of a DOT file, which can't end it or mean anything in it.
  private func quoted(_ lines: String...) -> String {
    let escaped = lines.map { safeText($0).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }
    return "\"" + escaped.joined(separator: "\\n") + "\""
  }
}

/// The graph as JSON: rows as `du` prints them, and an edge for each parent.
private struct GraphJSON: Encodable {
  struct Edge: Encodable {
    let child: RecordID
    let parent: RecordID
    let role: GraphEdge
  }

  let nodes: [UsageRow]
  let edges: [Edge]

  init(_ state: CacheState) {
    nodes = state.rows.indices.map { UsageRow(state, $0) }
    edges = state.rows.indices.flatMap { Self.edges(of: $0, in: state) }
  }

  static func edges(of row: Int, in state: CacheState) -> [Edge] {
    let parents = state.parentIDs(of: row)
    return parents.enumerated().map { place, parent in
      Edge(
        child: state.rows[row].id, parent: parent, role: state.graphEdge(of: row, at: place, of: parents.count))
    }
  }
}
