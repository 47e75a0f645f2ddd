/// What all texts begin with; nothing where there are none.
///
/// - Complexity: O(letters of all).
func commonPrefix(of texts: some Sequence<String>) -> String {
  var texts = texts.makeIterator()
  var common = texts.next() ?? ""
  while let text = texts.next() { common = String(zip(common, text).prefix { $0 == $1 }.map(\.0)) }
  return common
}
