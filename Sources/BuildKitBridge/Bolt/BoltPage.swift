/// A page of a bolt file, with those that continue it; an inline bucket is one, too.
///
/// After a header of 16 bytes (number, flags, count, how many pages continue it) stand elements of 16 bytes each, which
/// say where their key and value are, counted from the element itself.
struct BoltPage {
  /// What a page is.
  enum Flags: UInt16 {
    case branch = 1
    case leaf = 2
    case meta = 4
    case freelist = 16
  }

  struct Header {
    static let length = 16

    let number: UInt64
    let flags: Flags?
    let count: Int
    let overflow: UInt32

    /// Reads the first 16 bytes.
    ///
    /// - Parameter page: the page that it is on, where it doesn't tell.
    init(_ span: RawSpan, onPage page: UInt64? = nil) {
      number = page ?? span.integer(at: 0, UInt64.self)
      flags = Flags(rawValue: span.integer(at: 8, UInt16.self))
      count = Int(span.integer(at: 10, UInt16.self))
      overflow = span.integer(at: 12, UInt32.self)
    }
  }

  let bytes: ArraySlice<UInt8>
  let header: Header

  private static let elementLength = 16

  /// Whether all elements lie within it.
  var holdsItsElements: Bool {
    bytes.count >= Header.length + header.count * Self.elementLength
  }

  /// The key of a branch's element, and the page that it leads to; nothing where the key lies outside.
  func branch(_ number: Int) -> (key: ArraySlice<UInt8>, page: UInt64)? {
    let span = bytes.span.bytes
    let start = Header.length + number * Self.elementLength
    let position = Int(span.integer(at: start, UInt32.self))
    let length = Int(span.integer(at: start + 4, UInt32.self))
    guard start + position + length <= bytes.count else { return nil }
    let key = bytes.startIndex + start + position
    return (bytes[key..<key + length], span.integer(at: start + 8, UInt64.self))
  }

  /// The bytes of a leaf's value.
  func valueLength(_ number: Int) -> Int {
    Int(bytes.span.bytes.integer(at: Header.length + number * Self.elementLength + 12, UInt32.self))
  }

  /// An element of a leaf; nothing where it lies outside.
  func leaf(_ number: Int) -> (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, isBucket: Bool)? {
    let span = bytes.span.bytes
    let start = Header.length + number * Self.elementLength
    let flags = span.integer(at: start, UInt32.self)
    let position = Int(span.integer(at: start + 4, UInt32.self))
    let keyLength = Int(span.integer(at: start + 8, UInt32.self))
    let valueLength = Int(span.integer(at: start + 12, UInt32.self))
    guard start + position + keyLength + valueLength <= bytes.count else { return nil }
    let key = bytes.startIndex + start + position
    let value = key + keyLength
    return (bytes[key..<value], bytes[value..<value + valueLength], flags & 1 == 1)
  }
}

extension RawSpan {
  /// A number as bolt writes it on the machines that BuildKit runs on: the lowest byte first.
  func integer<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _: Number.Type) -> Number {
    Number(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}
