/// Lays a parsed pattern out as steps.
struct Compiler {
  private(set) var steps: [Program.Step] = []
  private let mostSteps: Int

  init(mostSteps: Int) { self.mostSteps = mostSteps }

  /// Adds the steps of a node after those that are there.
  ///
  /// - Throws: ``RegularExpressionError`` `tooLarge`.
  mutating func add(_ node: Node) throws(RegularExpressionError) {
    guard steps.count < mostSteps else { throw .tooLarge("more than \(mostSteps) steps") }
    switch node {
    case .empty: break
    case .set(let number): steps.append(.character(number))
    case .assertion(let assertion): steps.append(.assertion(assertion))
    case .sequence(let nodes): for node in nodes { try add(node) }
    case .choice(let nodes): try add(choice: nodes)
    case .repeated(let node, let least, let most):
      // Where the last of them begins: without an end it is that one which goes round.
      var start: Int?
      for _ in 0..<least {
        start = steps.count
        try add(node)
      }
      if let most {
        for _ in least..<max(least, most) { try add(optional: node) }
      } else if let start {
        steps.append(.split(start, steps.count + 1))
      } else {
        try add(star: node)
      }
    }
  }

  private mutating func add(choice nodes: [Node]) throws(RegularExpressionError) {
    var jumps: [Int] = []
    for node in nodes.dropLast() {
      let split = steps.count
      steps.append(.match)
      try add(node)
      jumps.append(steps.count)
      steps.append(.match)
      steps[split] = .split(split + 1, steps.count)
    }
    if let last = nodes.last { try add(last) }
    for jump in jumps { steps[jump] = .jump(steps.count) }
  }

  private mutating func add(optional node: Node) throws(RegularExpressionError) {
    let split = steps.count
    steps.append(.match)
    try add(node)
    steps[split] = .split(split + 1, steps.count)
  }

  private mutating func add(star node: Node) throws(RegularExpressionError) {
    let split = steps.count
    steps.append(.match)
    try add(node)
    steps.append(.jump(split))
    steps[split] = .split(split + 1, steps.count)
  }
}
