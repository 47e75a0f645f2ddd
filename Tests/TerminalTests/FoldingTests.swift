import Terminal
import Testing

@Suite("Folding") struct FoldingTests {
  @Test("lines break at blanks") func words() {
    #expect(folded("one two three", to: 20) == ["one two three"])
    #expect(folded("one two three", to: 8) == ["one two", "three"])
    #expect(folded("", to: 8) == [""])
  }

  @Test(
    "a word that is too wide breaks where it can still be read",
    arguments: [
      (32, ["sha256:", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"]),
      (16, ["sha256:", "0123456789abcdef", "0123456789abcdef", "0123456789abcdef", "0123456789abcdef"]),
    ])
  func digests(_ width: Int, _ lines: [String]) {
    #expect(folded("sha256:" + String(repeating: "0123456789abcdef", count: 4), to: width) == lines)
  }

  @Test("an id breaks into halves, a path after a slash") func idsAndPaths() {
    #expect(folded("abcdefghijklmnopqrstuvwxy", to: 20) == ["abcdefghijklm", "nopqrstuvwxy"])
    #expect(folded("at /var/lib/strata/snapshots/abc", to: 16) == ["at", "/var/lib/strata/", "snapshots/abc"])
    let image = "docker/dockerfile:1.10@sha256:beeb8da1658e"
    #expect(folded(image, to: 25) == ["docker/dockerfile:1.10", "@sha256:beeb8da1658e"])
    #expect(folded("see abcdefghijklmnopqrstuvwxy", to: 20) == ["see abcdefghijklm", "nopqrstuvwxy"])
  }

  @Test("no part is wider than there is room for, and nothing is lost but blanks", arguments: 2...40)
  func whole(_ width: Int) {
    let texts = [
      "It goes as number 3 of 61 by rule 2 (type==regular).", "a/b/c//d/////", "sha256:", ":::x:y",
      "日本語日本語日本語/日本語", String(repeating: "/", count: 60), "https://host:5000/a/b@sha256:0123456789abcdef", "x  y",
    ]
    for text in texts {
      let parts = folded(text, to: width)
      // A wide character needs two columns.
      #expect(parts.allSatisfy { displayWidth($0) <= max(width, 2) }, "\(text): \(parts)")
      #expect(parts.joined().replacing(" ", with: "") == text.replacing(" ", with: ""), "\(parts)")
    }
  }
}
