import BuildCache
import CacheReport
import Testing

@Suite("Short names of records") struct RecordNameTests {
  /// Descriptions as BuildKit, Docker and the demo write them, what tells each from others, and the rest.
  static let table: [(description: String, head: String, context: String)] = [
    ("[web 5/8] RUN npm ci", "RUN npm ci", "[web 5/8]"),
    ("[3/4] COPY src /src", "COPY src /src", "[3/4]"),
    ("[linux/arm64 build 2/3] RUN make", "RUN make", "[linux/arm64 build 2/3]"),
    ("[stage-2 2/2] COPY --from=other /o /o", "COPY --from=other /o /o", "[stage-2 2/2]"),
    (
      "[app 2/5] COPY --link --chown=1:1 --from=web /dist /srv", "COPY --from=web /dist /srv",
      "[app 2/5] --link --chown=1:1"
    ),
    (
      "[web 5/8] RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev", "RUN npm ci --omit=dev",
      "[web 5/8] --mount=type=cache,target=/root/.npm"
    ),
    ("[internal] load build context", "load build context", "[internal]"),
    ("[2/2] RUN <<EOF (apt-get update...)", "RUN <<EOF (apt-get update...)", "[2/2]"),
    ("pulled from docker.io/library/node:20", "node:20", "pulled"),
    ("pulled from docker.io/team/app:1", "team/app:1", "pulled"),
    ("pulled from 127.0.0.1:5999/seed/app:1", "127.0.0.1:5999/seed/app:1", "pulled"),
    (
      "pulled from docker.io/library/alpine@sha256:b5406420c7b88370d022e10f61f8707e7baa9b9c59f6fdc5fa1fa8ece6addecc",
      "alpine@sha256:b5406420c7b8", "pulled"
    ),
    (
      "imported sha256:b5406420c7b88370d022e10f61f8707e7baa9b9c59f6fdc5fa1fa8ece6addecc",
      "imported sha256:b5406420c7b8", ""
    ),
    ("from local ", "local image", ""),
    ("from local docker.io/library/alpine:3", "alpine:3", "local image"),
    ("mount / from exec /bin/sh -c npm ci", "RUN npm ci", ""),
    ("mount / from exec /bin/sh -c echo \"a: b\ttab\" > /q &&   echo x", "RUN echo \"a: b tab\" > /q && echo x", ""),
    ("mount / from exec /bin/bash -o pipefail -exc curl x | sh", "RUN curl x | sh", ""),
    ("mount / from exec /bin/busybox sh -c :", "RUN :", ""),
    ("mount / from exec /bin/busybox sh -c head -c 900 /dev/urandom", "RUN head -c 900 /dev/urandom", ""),
    ("mount / from exec sh script.sh -c x", "RUN sh script.sh -c x", ""),
    ("mount / from exec sh /script.sh -c x", "RUN sh /script.sh -c x", ""),
    ("mount / from exec bash -c", "RUN bash -c", ""), ("mount / from exec bash -o", "RUN bash -o", ""),
    ("mount / from exec bash -o -o -o", "RUN bash -o -o -o", ""),
    ("mount / from exec cmd.exe /S /C dir", "RUN dir", ""),
    ("mount / from exec pip install -c constraints.txt", "RUN pip install -c constraints.txt", ""),
    ("mount / from exec /bin/sh", "RUN /bin/sh", ""),
    ("mount /o from exec /bin/sh -c make > /o/d", "/o", "mount of RUN make > /o/d"),
    ("cached mount /root/.cache from exec", "/root/.cache", "cache mount"),
    ("cached mount /root/.cache from exec pip install x", "/root/.cache", "cache mount of RUN pip install x"),
    (
      "cached mount /c from exec /bin/sh -c touch /c/hello with id \"//c\"", "/c", "cache mount of RUN touch /c/hello"
    ),
    ("cached mount /c from exec make with id \"/named\"", "/c id named", "cache mount of RUN make"),
    (
      "cached mount /cache from exec make with id \"apt, \\\"lists\\\"\"", "/cache id apt, \\\"lists\\\"",
      "cache mount of RUN make"
    ),
    ("local source for context", "local context", ""),
    ("http url https://host/a/b/odd.bin?q=1/2", "odd.bin", "from https://host/a/b/odd.bin?q=1/2"),
    ("http url https://host", "https://host", "download"),
    ("shared git repo for https://github.com/a/b.git", "github.com/a/b.git", "git repo"),
    ("git snapshot for https://github.com/a/b.git#main", "github.com/a/b.git#main", "git checkout"),
    (
      "diff \"rthw3bazxifdp6kg8jxam0610\" -> \"qx2n1o8knh2ilbff8r9m7vntc\"", "diff \"rthw3baz\" -> \"qx2n1o8k\"", ""
    ),
    ("merge of four, two are chains", "merge of four, two are chains", ""),
    ("copy /a from img /b", "copy /a from img /b", ""),
    ("fileop target", "fileop target", ""),
    ("exporting to image", "exporting to image", ""),
    ("/srv/web/dist", "dist", "/srv/web/dist"), ("/srv/", "/srv/", ""), ("/", "/", ""), ("/a b/c", "/a b/c", ""),
    // Nothing to be made better, and what only looks like something.
    ("", "", ""), ("   \n\t ", "", ""), ("   blanks   at both ends ", "blanks at both ends", ""),
    ("[", "[", ""), ("[]", "[]", ""), ("[] x", "[] x", ""), ("[a]", "[a]", ""), ("[a] ", "[a]", ""),
    ("[x]y", "[x]y", ""), ("pulled from ", "pulled from", ""), ("cached mount ", "cached mount", ""),
    ("mount  from exec ", "mount from exec", ""), ("cached mount \" with id \"", "\"", "cache mount"),
    ("diff \"\" -> \"\"", "diff \"\" -> \"\"", ""), ("http url /", "/", "download"),
    ("[1/1] RUN --mount=type=tmpfs", "RUN --mount=type=tmpfs", "[1/1]"),
    ("sha256:sha256:beef", "sha256:sha256:beef", ""),
  ]

  @Test("what tells a record from others comes first", arguments: table)
  func names(_ row: (description: String, head: String, context: String)) {
    let name = RecordName(row.description)
    #expect(name.head == row.head, "\(row.description)")
    #expect(name.context == row.context, "\(row.description)")
  }

  @Test("a name has no line breaks, is empty only where there is nothing, and costs little of a huge description")
  func hostile() {
    let starts = Self.table.map(\.description)
    let odd = ["\u{1b}[31m", "\u{202e}", "\r\n", "\u{2028}", "\u{0}", "é日本🚀", "] ", "\" with id \"", " from exec "]
    for (number, start) in starts.enumerated() {
      for (place, sign) in odd.enumerated() {
        let at = start.index(start.startIndex, offsetBy: (number * 7 + place) % (start.count + 1))
        let text = String(start[..<at]) + sign + String(start[at...])
        let name = RecordName(text)
        #expect(!name.text.contains { $0.isNewline }, "\(text.debugDescription)")
        #expect(name.head.isEmpty == text.allSatisfy(\.isWhitespace), "\(text.debugDescription)")
      }
    }
    let huge = RecordName("[web 1/2] RUN " + String(repeating: "x ", count: 5_000_000))
    #expect(huge.context == "[web 1/2]" && huge.text.utf8.count < 5000)
    #expect(huge.short().count <= 40)
  }

  @Test("in a sentence a record is its id and its name, cut at a word") func sentence() {
    func named(_ words: String) -> String {
      CacheState.Row(id: "k2v9q1m0", kind: nil, size: 1, createdAt: Timestamp(nanoseconds: 0), description: words)
        .named()
    }
    #expect(named("[web 5/8] RUN npm ci") == "k2v9q1m0 (RUN npm ci)")
    #expect(named("") == "k2v9q1m0")
    #expect(
      named("[web 5/8] RUN apt-get update && apt-get install -y curl")
        == "k2v9q1m0 (RUN apt-get update && apt-get install…)")
  }
}
