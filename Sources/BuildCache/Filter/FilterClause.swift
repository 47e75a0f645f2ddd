/// One condition of a filter string as it is written, before it is asked what it means.
package struct FilterClause: Sendable, Equatable {
  /// The key as written; of a path with dots all parts.
  package let key: String
  /// The operator; absent where the key stands alone.
  package let sign: String?
  /// The value without quotes and escapes; its bytes, as escapes may make some that are no UTF-8.
  let value: [UInt8]
  /// All of it, as it is written.
  package let text: String
  /// The value, as it is written.
  package let valueText: String

  /// The value without quotes and escapes.
  package var valueWords: String { String(decoding: value, as: UTF8.self) }
}

extension FilterClause {
  /// Takes a filter string apart at its commas, without a look at what keys mean.
  ///
  /// Docker's form is understood besides: names with `-` in them, and one `=` before the value.
  ///
  /// - Throws: ``CacheError`` `badFilter`, naming the string and the place, or what there is too much of.
  package static func all(in text: String) throws(CacheError) -> [FilterClause] {
    var budget = FilterBudget()
    try budget.spend(.characters, text.unicodeScalars.count)
    var parser = FilterParser(text, budget, takesDockersForm: true)
    var clauses: [FilterClause] = []
    while let clause = try parser.nextClause() { clauses.append(clause) }
    return clauses
  }
}
