import TestSupport

extension UnpackedRow {
  static let groups = [
    Group("what goes", whiteouts), Group("opaque folders", opaque), Group("what aufs leaves", aufs),
    Group("kinds turned into others", turned), Group("links on the way", links), Group("hard links", hardLinks),
    Group("names", names), Group("sparse files", sparse), Group("numbers", numbers), Group("times", times),
    Group("folders", folders), Group("devices and pipes", nodes), Group("attributes", attributes),
    Group("how bytes are packed", packings),
  ]

  // MARK: removals

  private static let base = TarBytes().file("a", "1").folder("d/", mode: 0o750).file("d/x", "2").file("d/y", "3")
    .folder("d/sub/").file("d/sub/deep", "4")

  private static let whiteouts = [
    UnpackedRow("a file goes", base, TarBytes().file(".wh.a")),
    UnpackedRow("a folder goes with all in it", base, TarBytes().file(".wh.d")),
    UnpackedRow("a file in a folder goes", base, TarBytes().file("d/.wh.x")),
    UnpackedRow("a folder in a folder goes", base, TarBytes().file("d/.wh.sub")),
    UnpackedRow(
      "all in a folder goes, each by name", base, TarBytes().file("d/.wh.x").file("d/.wh.y").file("d/.wh.sub")),
    UnpackedRow("a folder goes, and is there again", base, TarBytes().file(".wh.d").folder("d/").file("d/z", "5")),
    UnpackedRow(
      "a folder is there again, and goes", base, TarBytes().folder("d/").file("d/z", "5").file(".wh.d"),
      is: .differs(
        [Difference("d", strata: "folder 755 0:0 1600000000", umoci: "folder 755 0:0 now")],
        because: "it removes what is in the folder after it has set the folder's time")),
    UnpackedRow(
      "a folder is there again, goes, and gets more", base,
      TarBytes().folder("d/").file("d/z", "5").file(".wh.d").file("d/x", "6"),
      is: .differs(
        [Difference("d", strata: "folder 755 0:0 1600000000", umoci: "folder 755 0:0 now")],
        because: "it removes what is in the folder after it has set the folder's time")),
    UnpackedRow(
      "a folder goes, and what is put into it makes it again", base, TarBytes().file(".wh.d").file("d/z", "5")),
    UnpackedRow(
      "something is put into a folder, which goes", base, TarBytes().file("d/z", "5").file(".wh.d"),
      is: .differs(
        [Difference("d", strata: "folder 755 0:0 now", umoci: "folder 750 0:0 now")],
        because:
          "it keeps the lower folder for what was put into it; a removal acts on what is beneath, wherever it stands")),
    UnpackedRow("a file goes, and is there again", base, TarBytes().file(".wh.a").file("a", "new")),
    UnpackedRow("a file is there again, and goes", base, TarBytes().file("a", "new").file(".wh.a")),
    UnpackedRow("a file goes twice", base, TarBytes().file(".wh.a").file(".wh.a")),
    UnpackedRow("what isn't there goes", base, TarBytes().file(".wh.none").file("d/.wh.none").file("no/.wh.x")),
    UnpackedRow("what is in a file goes", base, TarBytes().file("a/.wh.x")),
    UnpackedRow(
      "removals in the lowest layer", TarBytes().file(".wh.a").file("a", "1").file("d/.wh..wh..opq").folder("d/")),
    UnpackedRow(
      "a link goes, not what it leads to", TarBytes().file("f", "1").link("l", to: "f"), TarBytes().file(".wh.l")),
    UnpackedRow("a link to a folder goes", base + TarBytes().link("l", to: "d"), TarBytes().file(".wh.l")),
    UnpackedRow("what is behind a link goes", base + TarBytes().link("l", to: "d"), TarBytes().file("l/.wh.x")),
    UnpackedRow("one name of a file goes", TarBytes().file("f", "1").hardLink("h", to: "f"), TarBytes().file(".wh.f")),
    UnpackedRow(
      "a name that begins with a dot", TarBytes().file(".profile", "1").file("..odd", "2"),
      TarBytes().file(".wh..profile").file(".wh...odd")),
    UnpackedRow("a removal is a folder", base, TarBytes().folder(".wh.a/").folder("d/.wh.x")),
    UnpackedRow("a removal is a link", base, TarBytes().link(".wh.a", to: "nowhere").hardLink("d/.wh.x", to: "none")),
    UnpackedRow("a removal is a device", base, TarBytes().device(".wh.a", type: "3", 0, 0)),
    UnpackedRow("a removal has content", base, TarBytes().file(".wh.a", "much").file("b", "5")),
    UnpackedRow("a removal after ./", base, TarBytes().folder("./").file("./.wh.a").file("./d/.wh.x")),
    UnpackedRow("a removal after /", base, TarBytes().file("/.wh.a").file("/d/.wh.x")),
    UnpackedRow(
      "a file, gone, and there again, over three layers", base, TarBytes().file(".wh.a"), TarBytes().file("a", "3")),
    UnpackedRow(
      "a folder, gone, and there again, over three layers", base, TarBytes().file(".wh.d"),
      TarBytes().folder("d/", mode: 0o711).file("d/z", "5")),
    UnpackedRow(
      "gone twice over three layers", base, TarBytes().file(".wh.d"), TarBytes().file(".wh.d").file("d/.wh.x")),
    UnpackedRow(
      "a folder only implied goes", TarBytes().file("d/e/f", "1").file("d/g", "2"), TarBytes().file("d/.wh.e")),
    UnpackedRow(
      "a removal that Windows' layers have under Files",
      TarBytes().folder("Files/").file("Files/a", "1").folder("Hives/"),
      TarBytes().folder("Files/").file("Files/.wh.a")),
    UnpackedRow(
      "a removal of nothing", base, TarBytes().file("d/.wh."), is: .bothRefuse("entry d/.wh. is a whiteout of nothing")),
    UnpackedRow(
      "a removal of .", base, TarBytes().file("d/.wh.."), is: .bothRefuse("entry d/.wh.. is a whiteout of nothing")),
    UnpackedRow(
      "a removal of ..", base, TarBytes().file("d/.wh..."), is: .bothRefuse("entry d/.wh... is a whiteout of nothing")),
    UnpackedRow("a removal of a removal's name", TarBytes().file("a", "1"), TarBytes().file(".wh..wh.a")),
    UnpackedRow(
      "a hard link to what goes", base, TarBytes().hardLink("h", to: "a").file(".wh.a"),
      is: .strataRefuses("entry h is a hard link to a", because: "it goes by the order: the file is still there")),
    UnpackedRow(
      "what goes first, a hard link to it", base, TarBytes().file(".wh.a").hardLink("h", to: "a"),
      is: .bothRefuse("entry h is a hard link to a")),
  ]

  private static let opaque = [
    UnpackedRow("opaque, before what is new", base, TarBytes().folder("d/").file("d/.wh..wh..opq").file("d/z", "5")),
    UnpackedRow("opaque, after what is new", base, TarBytes().folder("d/").file("d/z", "5").file("d/.wh..wh..opq")),
    UnpackedRow(
      "opaque, amid what is new", base,
      TarBytes().folder("d/").file("d/x", "5").file("d/.wh..wh..opq").file("d/z", "6")),
    UnpackedRow("opaque, before its folder", base, TarBytes().file("d/.wh..wh..opq").folder("d/").file("d/z", "5")),
    UnpackedRow("opaque, its folder not named", base, TarBytes().file("d/.wh..wh..opq").file("d/z", "5")),
    UnpackedRow("opaque alone", base, TarBytes().file("d/.wh..wh..opq")),
    UnpackedRow("opaque where there is nothing", base, TarBytes().file("no/.wh..wh..opq").file("no/z", "5")),
    UnpackedRow("opaque in a file", base, TarBytes().file("a/.wh..wh..opq")),
    UnpackedRow("the whole tree opaque", base, TarBytes().file(".wh..wh..opq").file("z", "5")),
    UnpackedRow(
      "the whole tree opaque at last", base, TarBytes().folder("d/").file("d/z", "5").file(".wh..wh..opq"),
      is: .differs(
        [Difference("d", strata: "folder 755 0:0 1600000000", umoci: "folder 755 0:0 now")],
        because: "it removes what is in the folder after it has set the folder's time")),
    UnpackedRow(
      "opaque in opaque", base,
      TarBytes().folder("d/").file("d/.wh..wh..opq").folder("d/sub/").file("d/sub/.wh..wh..opq").file("d/sub/new", "5")),
    UnpackedRow(
      "opaque, with what is beneath brought again", base,
      TarBytes().folder("d/").file("d/.wh..wh..opq").folder("d/sub/").file("d/sub/new", "5")),
    UnpackedRow(
      "opaque and a removal", base, TarBytes().folder("d/").file("d/.wh..wh..opq").file("d/.wh.x").file(".wh.a")),
    UnpackedRow(
      "opaque where a link was", base + TarBytes().link("l", to: "/d"),
      TarBytes().folder("l/").file("l/.wh..wh..opq").file("l/new", "5")),
    UnpackedRow(
      "opaque before the folder that comes where a link was", base + TarBytes().link("l", to: "/d"),
      TarBytes().file("l/.wh..wh..opq").folder("l/").file("l/new", "5"),
      is: .differs(
        ["d/sub", "d/sub/deep", "d/x", "d/y"].map { Difference($0, strata: "", umoci: nil) },
        because: "it goes by the order: the link is still there")),
    UnpackedRow(
      "opaque behind a link that stays", base + TarBytes().link("l", to: "/d"), TarBytes().file("l/.wh..wh..opq")),
    UnpackedRow("opaque where a file was", base, TarBytes().folder("a/").file("a/.wh..wh..opq").file("a/new", "5")),
    UnpackedRow(
      "opaque over three layers", base, TarBytes().folder("d/").file("d/.wh..wh..opq").file("d/z", "5"),
      TarBytes().folder("d/").file("d/.wh.z").file("d/x", "6")),
  ]

  private static let aufs = [
    UnpackedRow(
      "what aufs leaves in each layer", base,
      TarBytes().file(".wh..wh.aufs").folder(".wh..wh.orph/", mode: 0o700).folder(".wh..wh.plnk/", mode: 0o700).file(
        "b", "5")),
    UnpackedRow(
      "what aufs keeps files of several names in", base,
      TarBytes().folder(".wh..wh.plnk/", mode: 0o700).file(".wh..wh.plnk/12.34", "5").hardLink(
        "b", to: ".wh..wh.plnk/12.34"
      )
      .hardLink("c", to: ".wh..wh.plnk/12.34"),
      is: .differs(
        [
          Difference(".wh..wh.plnk", strata: nil, umoci: "folder"),
          Difference(".wh..wh.plnk/12.34", strata: nil, umoci: "file 5"),
          Difference("b", strata: "file 5 644 0:0 1600000000", umoci: "file 5"),
          Difference("c", strata: "file 5 644 0:0 1600000000 = b", umoci: "file 5"),
        ], because: "it keeps them; Docker and containerd don't")),
  ]

  // MARK: kinds

  /// What may stand at a name, and how it is brought there.
  private static let kinds: [(String, @Sendable (TarBytes, String) -> TarBytes)] = [
    ("file", { $0.file($1, "content") }),
    ("folder", { $0.folder($1 + "/").file($1 + "/inner", "i") }),
    ("link", { $0.link($1, to: "end") }),
    ("dangling link", { $0.link($1, to: "no/where") }),
    ("link to a file", { $0.link($1, to: "one") }),
    ("pipe", { $0.entry($1, type: "6", mode: 0o640) }),
    ("hard link", { $0.hardLink($1, to: "one") }),
  ]

  /// Each kind replaced by each, in a later layer and in the same.
  private static let turned = kinds.flatMap { from, old in
    let ends = TarBytes().folder("end/").file("end/kept", "k").file("one", "1")
    let names = kinds.map(\.0).map { "to " + $0 }
    let before = names.reduce(ends) { old($0, $1) }
    let after = zip(names, kinds).reduce(TarBytes()) { $1.1.1($0, $1.0) }
    let back = names.reduce(TarBytes()) { old($0, $1) }
    return [
      UnpackedRow("a \(from) turned into each kind by a layer", before, after),
      UnpackedRow("a \(from) turned into each kind in one layer", before + after),
      UnpackedRow("a \(from) turned into each kind and back, over three layers", before, after, back),
    ]
  }

  // MARK: links

  private static let links = [
    UnpackedRow(
      "entries beneath a link",
      TarBytes().folder("d/").link("l", to: "d").file("l/x", "1").folder("l/sub/").file("l/sub/y", "2")),
    UnpackedRow(
      "entries beneath a link of a lower layer", TarBytes().folder("d/", mode: 0o700).link("l", to: "d"),
      TarBytes().file("l/x", "1")),
    UnpackedRow(
      "entries beneath an absolute link", TarBytes().folder("run/").folder("var/").link("var/run", to: "/run"),
      TarBytes().file("var/run/pid", "7")),
    UnpackedRow(
      "entries beneath a link upwards",
      TarBytes().folder("a/").folder("a/b/").folder("c/").link("a/b/l", to: "../../c"),
      TarBytes().file("a/b/l/x", "1")),
    UnpackedRow(
      "a link that goes up more than there is", TarBytes().folder("c/").link("l", to: "../../../../c"),
      TarBytes().file("l/x", "1")),
    UnpackedRow("a link to /", TarBytes().link("l", to: "/"), TarBytes().file("l/x", "1")),
    UnpackedRow("a link to itself is only that", TarBytes().link("l", to: "l").link("m", to: "n").link("n", to: "m")),
    UnpackedRow("a link to .", TarBytes().folder("d/").link("d/l", to: "."), TarBytes().file("d/l/l/l/x", "1")),
    UnpackedRow(
      "entries beneath a link in circles", TarBytes().link("l", to: "m").link("m", to: "l").file("l/x", "1"),
      is: .bothRefuse("l/x")),
    UnpackedRow(
      "a chain of links", TarBytes().folder("d/").link("one", to: "d").link("two", to: "one").link("three", to: "two"),
      TarBytes().file("three/x", "1")),
    UnpackedRow("entries beneath a dangling link", TarBytes().link("l", to: "made/new"), TarBytes().file("l/x", "1")),
    UnpackedRow(
      "links in the middle of a path",
      TarBytes().folder("a/").folder("a/b/").folder("e/").folder("e/f/").link("a/b/c", to: "/e"),
      TarBytes().file("a/b/c/f/x", "1").folder("a/b/c/g/").link("a/b/c/f/up", to: "..").file("a/b/c/f/up/y", "2")),
    UnpackedRow(
      "a link in the middle becomes a folder", base + TarBytes().link("l", to: "d"),
      TarBytes().file("l/sub/one", "1").folder("l/").folder("l/sub/").file("l/sub/two", "2")),
    UnpackedRow(
      "a folder becomes a link, with entries before and after", base + TarBytes().folder("e/"),
      TarBytes().file("d/before", "1").link("d", to: "e").file("d/after", "2")),
    UnpackedRow(
      "a link is brought again", base + TarBytes().link("l", to: "d"), TarBytes().link("l", to: "d").file("l/new", "1")),
    UnpackedRow("a link is brought anew", base + TarBytes().link("l", to: "d"), TarBytes().link("l", to: "elsewhere")),
    UnpackedRow("entries beneath a file", base, TarBytes().file("a/x", "1"), is: .bothRefuse("a/x")),
    UnpackedRow(
      "entries beneath a link to a file", base + TarBytes().link("l", to: "a"), TarBytes().file("l/x", "1"),
      is: .bothRefuse("l/x")),
    UnpackedRow(
      "targets are kept as they are",
      TarBytes().link("one", to: "a//b/../c/./").link("two", to: "  ").link("three", to: "//x")
        .link("four", to: "../").link("five", to: "a\nb").link("six", to: "\\x")),
    UnpackedRow(
      "a target as long as can be",
      TarBytes().saying([("linkpath", String(repeating: "t/", count: 2000) + "end")]).link("l", to: "t")),
    UnpackedRow(
      "a target longer than can be",
      TarBytes().saying([("linkpath", String(repeating: "t/", count: 2100))]).link("l", to: "t"),
      is: .bothRefuse("entry l ")),
    UnpackedRow("a target of nothing", TarBytes().link("l", to: ""), is: .bothRefuse("entry l ")),
    UnpackedRow("owner and time of a link", TarBytes().owned(by: 12, 34).dated(1_000_000_000).link("l", to: "x")),
    UnpackedRow("a target that is no UTF-8", TarBytes().saying("linkpath", [0xff, 0x41, 0xc0]).link("l", to: "x")),
  ]

  private static let hardLinks = [
    UnpackedRow("to an earlier file", TarBytes().file("f", "1").folder("d/").hardLink("d/h", to: "f")),
    UnpackedRow("to a file of a lower layer", TarBytes().file("f", "1"), TarBytes().hardLink("h", to: "f")),
    UnpackedRow("to a file of a lower layer, in its folder", base, TarBytes().folder("d/").hardLink("d/h", to: "d/x")),
    UnpackedRow("to a link", TarBytes().link("l", to: "none").hardLink("h", to: "l")),
    UnpackedRow("to a link of a lower layer", base + TarBytes().link("l", to: "a"), TarBytes().hardLink("h", to: "l")),
    UnpackedRow(
      "to a hard link, and so on",
      TarBytes().file("f", "1").hardLink("g", to: "f").hardLink("h", to: "g").hardLink("i", to: "h")),
    UnpackedRow(
      "to a hard link, layer by layer", TarBytes().file("f", "1"), TarBytes().hardLink("g", to: "f"),
      TarBytes().hardLink("h", to: "g")),
    UnpackedRow("twice the same", TarBytes().file("f", "1").hardLink("h", to: "f").hardLink("h", to: "f")),
    UnpackedRow(
      "twice the same, over two layers", TarBytes().file("f", "1").hardLink("h", to: "f"),
      TarBytes().hardLink("h", to: "f")),
    UnpackedRow(
      "to itself", TarBytes().file("f", "1").hardLink("f", to: "f"),
      is: .umociRefuses(["f": "file 1 644"], because: "it removes the file first")),
    UnpackedRow("to what comes later", TarBytes().hardLink("h", to: "f").file("f", "1"), is: .bothRefuse("entry h ")),
    UnpackedRow("to a folder", TarBytes().folder("d/").hardLink("h", to: "d"), is: .bothRefuse("entry h ")),
    UnpackedRow("to nothing", TarBytes().hardLink("h", to: "none"), is: .bothRefuse("entry h ")),
    UnpackedRow("in the place of a file", base, TarBytes().hardLink("d/x", to: "a")),
    UnpackedRow("in the place of a folder", base, TarBytes().hardLink("d", to: "a")),
    UnpackedRow(
      "its own mode, owner and time count for nothing",
      TarBytes().file("f", "1", mode: 0o640)
        .owned(by: 7, 8).dated(5).entry("h", type: "1", mode: 0o777, target: "f")),
    UnpackedRow(
      "attributes said of it count for nothing",
      TarBytes().saying([("SCHILY.xattr.user.a", "f")]).file("f", "1")
        .saying([("SCHILY.xattr.user.b", "h")]).hardLink("h", to: "f")),
    UnpackedRow("to what is then replaced", TarBytes().file("f", "1").hardLink("h", to: "f").file("f", "2")),
    UnpackedRow(
      "to what a later layer replaces", TarBytes().file("f", "1").hardLink("h", to: "f"), TarBytes().file("f", "2")),
    UnpackedRow(
      "both names replaced", TarBytes().file("f", "1").hardLink("h", to: "f"),
      TarBytes().file("f", "2").hardLink("h", to: "f")),
    UnpackedRow(
      "the other name replaced first", TarBytes().file("f", "1").hardLink("h", to: "f"),
      TarBytes().file("h", "2").hardLink("f", to: "h")),
    UnpackedRow(
      "through a link", base + TarBytes().link("l", to: "d"),
      TarBytes().hardLink("h", to: "l/x").hardLink("l/i", to: "a")),
    UnpackedRow(
      "to an absolute name",
      TarBytes().folder("d/").file("d/f", "1").hardLink("h", to: "/d/f").hardLink("i", to: "./d/f").hardLink(
        "j", to: "d//f")),
    UnpackedRow("to a name with ..", TarBytes().folder("d/").file("d/f", "1").hardLink("h", to: "d/../d/f")),
    UnpackedRow("to a pipe", TarBytes().entry("p", type: "6", mode: 0o600).hardLink("h", to: "p")),
    UnpackedRow(
      "to a file of another user, with set-uid",
      TarBytes().owned(by: 9, 9).file("f", "1", mode: 0o6755).hardLink("h", to: "f")),
    UnpackedRow("to an empty file", TarBytes().file("f").hardLink("h", to: "f")),
    UnpackedRow(
      "that says how long the file is",
      TarBytes().file("f", "12345").entry("h", type: "1", target: "f", patching: [124: TarBytes.field(5, 12)])
        .file("after", "1")),
    UnpackedRow(
      "of a long name to a long name",
      TarBytes().gnu(name: String(repeating: "n", count: 150)).file("n", "1")
        .gnu(name: String(repeating: "h", count: 150), target: String(repeating: "n", count: 150)).hardLink(
          "h", to: "n")),
    UnpackedRow(
      "of a long name of pax to another",
      TarBytes().saying([("path", String(repeating: "n", count: 150))]).file("n", "1")
        .saying([("path", String(repeating: "h", count: 150)), ("linkpath", String(repeating: "n", count: 150))])
        .hardLink("h", to: "n")),
  ]

  // MARK: names

  private static let names = [
    UnpackedRow("100 bytes, no more", TarBytes().file(String(repeating: "n", count: 100), "1").file("after", "2")),
    UnpackedRow(
      "a folder and a name",
      TarBytes().entry(
        "end", type: "0", mode: 0o644, content: "1",
        patching: [345: Array((String(repeating: "p", count: 80) + "/" + String(repeating: "q", count: 70)).utf8)])),
    UnpackedRow(
      "pax, beyond 100 bytes", TarBytes().saying([("path", String(repeating: "d/", count: 60) + "f")]).file("f", "1")),
    UnpackedRow(
      "pax, 255 bytes in one", TarBytes().saying([("path", String(repeating: "n", count: 255))]).file("f", "1")),
    UnpackedRow(
      "pax, 256 bytes in one", TarBytes().saying([("path", String(repeating: "n", count: 256))]).file("f", "1"),
      is: .bothRefuse("nnn")),
    UnpackedRow(
      "pax, beyond 255 bytes in all",
      TarBytes().saying([("path", (0..<8).map { _ in String(repeating: "d", count: 90) }.joined(separator: "/"))])
        .file("f", "1")),
    UnpackedRow("GNU, beyond 100 bytes", TarBytes().gnu(name: String(repeating: "n", count: 140)).file("n", "1")),
    UnpackedRow(
      "GNU, of a folder",
      TarBytes().gnu(name: String(repeating: "n", count: 140) + "/").folder("n/").gnu(
        name: String(repeating: "n", count: 140) + "/x"
      ).file("n", "1")),
    UnpackedRow(
      "GNU, of a link's target", TarBytes().gnu(target: String(repeating: "t/", count: 100)).link("l", to: "t")),
    UnpackedRow(
      "GNU, of both",
      TarBytes().gnu(name: String(repeating: "n", count: 140), target: String(repeating: "t/", count: 100)).link(
        "l", to: "t")),
    UnpackedRow("GNU's and pax's for one", TarBytes().gnu(name: "gnu").saying([("path", "pax")]).file("f", "1")),
    UnpackedRow("pax's and GNU's for one", TarBytes().saying([("path", "pax")]).gnu(name: "gnu").file("f", "1")),
    UnpackedRow("pax's counts once", TarBytes().saying([("path", "named")]).file("f", "1").file("g", "2")),
    UnpackedRow(
      "line breaks, tabs, bars",
      TarBytes().file("a\nb", "1").file("c\td", "2").file("e\\f", "3").file("g|h;i&j$k'l\"m", "4")),
    UnpackedRow("pax, with a line break", TarBytes().saying([("path", "a\nb/c\n")]).file("f", "1")),
    UnpackedRow(
      "no UTF-8",
      TarBytes().file("abc", "1", patching: [0: [0xff, 0xfe, 0x80]]).file(
        "d", "2", patching: [0: Array("d/".utf8) + [0xc3]])),
    UnpackedRow("pax, no UTF-8", TarBytes().saying("path", [0x61, 0xff, 0x2f, 0xc0, 0x62]).file("f", "1")),
    UnpackedRow(
      "no UTF-8, gone", TarBytes().file("abc", "1", patching: [0: [0xff, 0xfe, 0x80]]),
      TarBytes().file(".wh.abc", patching: [4: [0xff, 0xfe, 0x80]])),
    UnpackedRow(
      "one letter in two forms",
      TarBytes().file("\u{e9}", "1").file("e\u{301}", "2").file("E\u{301}", "3").file("ß", "4").file("日本", "5")),
    UnpackedRow(
      "only blanks, dashes, tildes",
      TarBytes().file(" ", "1").file("-rf", "2").file("~", "3").file("...", "4").file(" x ", "5").file("*", "6")),
    UnpackedRow(
      "after ./", TarBytes().folder("./").folder("./d/").file("./d/f", "1").file("././g", "2").link("./l", to: "./d")),
    UnpackedRow("with // and /./", TarBytes().folder("d//").file("d//f", "1").file("d/./g", "2")),
    UnpackedRow("absolute", TarBytes().folder("/d/").file("/d/f", "1").file("//g", "2")),
    UnpackedRow("with .. that stay inside", TarBytes().folder("d/").file("d/../f", "1").file("d/e/../g", "2")),
    UnpackedRow(
      "with .. that leave", TarBytes().file("../f", "1"),
      is: .strataRefuses(
        "entry ../f leaves the tree",
        because: "it takes the name for one of the top folder; containerd and Docker refuse it")),
    UnpackedRow("a folder without a slash", TarBytes().folder("d").file("d/f", "1")),
    UnpackedRow(
      "a file with a slash", TarBytes().file("d/").file("d/f", "1"),
      is: .umociRefuses(
        ["d": "folder 644", "d/f": "file 1"],
        because: "it goes by the kind; tar goes by the slash, as Go does for the oldest kind")),
    UnpackedRow("a link with a slash", TarBytes().folder("d/").link("l/", to: "d").file("l/f", "1")),
    UnpackedRow(
      "the tree itself", TarBytes().owned(by: 3, 4).dated(1_000_000_000).folder("./", mode: 0o711).file("f", "1")),
    UnpackedRow("the tree itself, as /", TarBytes().dated(1_000_000_000).folder("/", mode: 0o711).file("f", "1")),
    UnpackedRow(
      "the tree itself, twice", TarBytes().folder("./", mode: 0o711).file("f", "1").dated(7).folder("./", mode: 0o755)),
    UnpackedRow(
      "the tree itself, layer by layer", TarBytes().dated(7).folder("./", mode: 0o711).file("f", "1"),
      TarBytes().file("g", "2")),
    UnpackedRow(
      "the tree itself as a file", TarBytes().file("./", patching: [0: Array(".".utf8) + [0]]),
      is: .bothRefuse("entry . is in the place of the tree")),
    UnpackedRow("no name", TarBytes().file("", "1"), is: .bothRefuse("has no name")),
    UnpackedRow(
      "an old tar, from before ustar",
      TarBytes().file("f", "1", patching: [257: [UInt8](repeating: 0, count: 8)])
        .file("d/", patching: [257: [UInt8](repeating: 0, count: 8), 156: [0]]).file(
          "d/g", "2", patching: [257: [UInt8](repeating: 0, count: 8), 156: [0]])),
    UnpackedRow(
      "GNU's own mark",
      TarBytes().file("f", "1", patching: [257: Array("ustar  \u{0}".utf8), 345: TarBytes.field(1_500_000_000, 12)])),
    UnpackedRow(
      "a folder where GNU has times, as Docker wrote it with Go before 1.8",
      TarBytes().file(
        "foo", "1", patching: [257: Array("ustar  \u{0}".utf8), 345: Array(String(repeating: "p/", count: 50).utf8)])
    ),
    UnpackedRow(
      "pax twice for one: the last counts",
      TarBytes().saying([("path", "first"), ("SCHILY.xattr.user.a", "1")]).saying([("mtime", "5")]).file("f", "1")),
    UnpackedRow(
      "star's mark", TarBytes().file("f", "1", patching: [345: Array("pre".utf8), 508: Array("tar\u{0}".utf8)])),
  ]

  // MARK: sparse files

  private static let holes = """
    printf start > s; truncate -s 300000 s
    for i in 1 2 3 4 5 6; do printf "at $i" | dd of=s bs=1 seek=$((i * 40000)) conv=notrunc status=none; done
    truncate -s 500001 s; truncate -s 100000 empty; printf end | dd of=tail bs=1 seek=99999 status=none; echo x > f
    touch -d @1000000000 *; tar -c --sparse --owner=5 --group=6 s empty tail f
    """
  private static let knowsNone = "it knows no sparse files of GNU's old form"
  private static let sparse =
    ["gnu", "oldgnu"].map {
      UnpackedRow(
        "sparse, \($0)", facts: [.made(by: holes + " --format=\($0)")],
        is: .umociRefuses(
          [
            "s": "file of 500001 26089eacac49 644 5:6 1000000000", "empty": "file of 100000 9192c25b734f",
            "tail": "file of 100002 5ba3cf096f56", "f": "file x\\a",
          ], because: knowsNone))
    }
    + ["0.0", "0.1", "1.0"].map {
      UnpackedRow("sparse, pax \($0)", facts: [.made(by: holes + " --format=posix --sparse-version=\($0)")])
    } + [
      UnpackedRow(
        "sparse, of a long name",
        facts: [
          .made(
            by:
              "n=$(printf 'n%.0s' $(seq 120)); printf x > $n; truncate -s 200000 $n; tar -c --sparse --format=posix $n")
        ]),
      UnpackedRow(
        "sparse, of many parts",
        facts: [
          .made(
            by:
              "for i in $(seq 60); do printf $i | dd of=s bs=1 seek=$((i * 12288)) conv=notrunc status=none; done; "
              + "tar -c --sparse --format=gnu s"
          )
        ], is: .umociRefuses(["s": "file of 737282 "], because: knowsNone)),
      UnpackedRow(
        "sparse, then replaced, and a name more",
        facts: [
          .made(by: holes + " --format=posix"),
          .tar(TarBytes().hardLink("h", to: "s").file("s", "small")),
        ]),
    ]

  // MARK: numbers

  private static let numbers = [
    UnpackedRow(
      "owners beyond octal", TarBytes().owned(by: 2_097_152, 3_000_000).file("f", "1").folder("d/").link("l", to: "f")),
    UnpackedRow("the largest octal owner", TarBytes().owned(by: 2_097_151, 2_097_151).file("f", "1")),
    UnpackedRow("owners of pax", TarBytes().saying([("uid", "100000"), ("gid", "4294967294")]).file("f", "1")),
    UnpackedRow(
      "owners' names count for nothing",
      TarBytes().saying([("uname", "nobody"), ("gname", "daemon")])
        .file("f", "1", patching: [265: Array("mail".utf8), 297: Array("mail".utf8)])),
    UnpackedRow(
      "a size in binary", TarBytes().file("f", "12345", patching: [124: TarBytes.binary(5, 12)]).file("g", "2")),
    UnpackedRow(
      "a size of pax",
      TarBytes().saying([("size", "5")]).file("f", "12345", patching: [124: TarBytes.field(0, 12)]).file("g", "2")),
    UnpackedRow(
      "numbers after blanks",
      TarBytes().file("f", "12345", patching: [100: Array("   644 \u{0}".utf8), 124: Array("          5 ".utf8)]).file(
        "g", "2")),
    UnpackedRow(
      "numbers without an end",
      TarBytes().file("f", "12345", patching: [100: Array("00000644".utf8), 124: Array("000000000005".utf8)]).file(
        "g", "2")),
    UnpackedRow(
      "numbers that are left out",
      TarBytes().file("f", "", patching: [100: [UInt8](repeating: 0, count: 48)]).file("g", "2")),
    UnpackedRow(
      "a mode with its kind",
      TarBytes().file("f", "1", mode: 0o100644).folder("d/", mode: 0o40750).entry("p", type: "6", mode: 0o10640)),
    UnpackedRow("a sum of signed bytes", TarBytes().file("abc", "1", patching: signed)),
    UnpackedRow(
      "every bit of a mode",
      TarBytes().file("f", "1", mode: 0o7777).folder("d/", mode: 0o7777).file("n", "2", mode: 0).folder("e/", mode: 0)),
    UnpackedRow(
      "set-uid of another user",
      TarBytes().owned(by: 33, 44).file("u", "1", mode: 0o4755).file("g", "2", mode: 0o2755)
        .folder("s/", mode: 0o1777).folder("h/", mode: 0o2775).file("h/in", "3")),
  ]

  /// A name with high bytes, and the sum that tars made which took them for signed ones.
  private static let signed: [Int: [UInt8]] = {
    let name: [UInt8] = [0xe4, 0xf6, 0xfc]
    let header = TarBytes().file("abc", "1", patching: [0: name]).bytes[..<512]
    let sum = header.enumerated().reduce(0) {
      $0 + ((148..<156).contains($1.offset) ? 32 : Int(Int8(bitPattern: $1.element)))
    }
    return [0: name, 148: TarBytes.field(sum, 7) + [32]]
  }()

  private static let times = [
    UnpackedRow(
      "to the nanosecond",
      TarBytes().saying([("mtime", "1500000000.123456789")]).file("f", "1").saying([("mtime", "1500000000.5")]).folder(
        "d/"
      )
      .saying([("mtime", "1500000000.000000001")]).link("l", to: "f")),
    UnpackedRow("more digits than count", TarBytes().saying([("mtime", "1500000000.1234567899999")]).file("f", "1")),
    UnpackedRow("a point and nothing", TarBytes().saying([("mtime", "1500000000.")]).file("f", "1")),
    UnpackedRow(
      "before 1970",
      TarBytes().saying([("mtime", "-5")]).file("f", "1").saying([("mtime", "-5.25")]).file("g", "2").dated(-86_400)
        .file("h", "3").folder("d/")),
    UnpackedRow(
      "1970 itself",
      TarBytes().dated(0).file("f", "1").folder("d/").link("l", to: "f").saying([("mtime", "0")]).file("g", "2")),
    UnpackedRow("1901, as far back as 32 bits go", TarBytes().dated(-2_147_483_648).file("f", "1")),
    UnpackedRow(
      "2038 and after",
      TarBytes().dated(2_147_483_647).file("f", "1").dated(2_147_483_648).file("g", "2").dated(4_294_967_296).file(
        "h", "3")),
    UnpackedRow("2242, as far as octal goes", TarBytes().dated(8_589_934_591).file("f", "1")),
    UnpackedRow(
      "2286", TarBytes().dated(9_999_999_999).file("f", "1").folder("d/").link("l", to: "f"),
      is: .differs(
        [
          Difference("d", strata: "folder 755 0:0 9999999999", umoci: "folder 755 0:0 "),
          Difference("f", strata: "file 1 644 0:0 9999999999", umoci: "file 1 644 0:0 "),
          Difference("l", strata: "link -> f 0:0 9999999999", umoci: "link -> f 0:0 "),
        ], because: "its times end in 2262 and begin anew")),
    UnpackedRow(
      "9999", TarBytes().saying([("mtime", "253402300799")]).file("f", "1"),
      is: .differs(
        [Difference("f", strata: "file 1 644 0:0 ", umoci: "file 1 644 0:0 ")],
        because: "its times end in 2262 and begin anew")),
    UnpackedRow(
      "the times of pax beside the one that counts",
      TarBytes().saying([("atime", "5"), ("ctime", "6"), ("mtime", "1500000000")]).file("f", "1")),
    UnpackedRow("no time", TarBytes().saying([("mtime", "noon")]).file("f", "1"), is: .bothRefuse("entry f ")),
    UnpackedRow(
      "said of all", TarBytes().sayingOfAll("mtime", "1234567890").file("f", "1"),
      is: .umociRefuses(
        ["f": "file 1 644 0:0 1600000000"], because: "it knows no such headers; Docker and containerd pass over them")),
    UnpackedRow(
      "a comment on all, as git archive has it", TarBytes().sayingOfAll("comment", "0123456789abcdef").file("f", "1"),
      is: .umociRefuses(["f": "file 1 644"], because: "it knows no such headers; Docker and containerd pass over them")),
  ]

  // MARK: folders

  private static let old = TarBytes().owned(by: 11, 12).dated(1_000_000_000).folder("d/", mode: 0o751).folder(
    "d/e/", mode: 0o700
  )
  .file("d/e/f", "1").link("l", to: "d/e")

  private static let folders = [
    UnpackedRow("a folder that a layer passes is as it was", old, TarBytes().file("d/g", "2")),
    UnpackedRow("folders that a layer passes are as they were", old, TarBytes().file("d/e/g", "2").file("d/e/f", "3")),
    UnpackedRow("a folder passed by a removal is as it was", old, TarBytes().file("d/e/.wh.f")),
    UnpackedRow("a folder passed by an opaque marker is as it was", old, TarBytes().file("d/e/.wh..wh..opq")),
    UnpackedRow(
      "a folder passed by a hard link is as it was", old,
      TarBytes().hardLink("d/h", to: "d/e/f").hardLink("d/e/i", to: "d/e/f")),
    UnpackedRow("a folder passed through a link is as it was", old, TarBytes().file("l/g", "2").file("l/.wh.f")),
    UnpackedRow("a folder passed by a new folder is as it was", old, TarBytes().folder("d/n/").file("d/n/x", "2")),
    UnpackedRow("a folder passed by folders that are made is of now", old, TarBytes().file("d/n/m/x", "2")),
    UnpackedRow(
      "folders passed layer by layer are as they were", old, TarBytes().file("d/g", "2"), TarBytes().file("d/.wh.g"),
      TarBytes().file("d/e/k", "3")),
    UnpackedRow(
      "a folder named before what is in it", TarBytes().dated(5).folder("d/", mode: 0o711).dated(6).file("d/f", "1")),
    UnpackedRow(
      "a folder named after what is in it",
      TarBytes().file("d/f", "1").owned(by: 1, 2).dated(5).folder("d/", mode: 0o711)),
    UnpackedRow(
      "folders named from below",
      TarBytes().file("d/e/f", "1").dated(5).folder("d/e/", mode: 0o711).dated(6).folder("d/", mode: 0o710)),
    UnpackedRow(
      "a folder named twice",
      TarBytes().dated(5).folder("d/", mode: 0o700).file("d/f", "1").owned(by: 3, 3).dated(6).folder("d/", mode: 0o755)),
    UnpackedRow("a folder named again by a layer", old, TarBytes().owned(by: 3, 3).dated(6).folder("d/", mode: 0o1777)),
    UnpackedRow(
      "a folder made first, named by a layer", TarBytes().file("d/f", "1"),
      TarBytes().dated(6).folder("d/", mode: 0o700)),
    UnpackedRow(
      "folders that nobody names",
      TarBytes().owned(by: 5, 5).file("d/e/f", "1").folder("g/h/i/").link("j/k/l", to: "x").hardLink(
        "m/n/o", to: "d/e/f")),
    UnpackedRow(
      "a folder that its owner may not write", TarBytes().folder("d/", mode: 0o500).file("d/f", "1"),
      TarBytes().file("d/g", "2").file("d/.wh.f")),
    UnpackedRow(
      "a folder that its owner may not enter",
      TarBytes().folder("d/", mode: 0o000).folder("d/e/", mode: 0o000).file("d/e/f", "1")),
    UnpackedRow(
      "an empty folder goes and comes", old, TarBytes().file("d/.wh.e"), TarBytes().dated(7).folder("d/e/", mode: 0o755)
    ),
    UnpackedRow(
      "a deep tree", TarBytes().saying([("path", (0..<30).map { "d\($0)" }.joined(separator: "/"))]).file("f", "1")),
  ]

  // MARK: devices

  private static let nodes = [
    UnpackedRow("a pipe", TarBytes().owned(by: 1, 2).dated(5).entry("p", type: "6", mode: 0o622)),
    UnpackedRow("a pipe with set-gid", TarBytes().owned(by: 1, 2).entry("p", type: "6", mode: 0o2666)),
    UnpackedRow(
      "a device of characters", TarBytes().owned(by: 0, 5).device("null", type: "3", 1, 3, mode: 0o666),
      needsRoot: "only root makes devices"),
    UnpackedRow(
      "a device of blocks", TarBytes().owned(by: 0, 6).dated(5).device("sda1", type: "4", 8, 1, mode: 0o660),
      needsRoot: "only root makes devices"),
    UnpackedRow(
      "a device of large numbers", TarBytes().device("big", type: "4", 4095, 1_048_575),
      needsRoot: "only root makes devices"),
    UnpackedRow(
      "the device that overlayfs hides with", TarBytes().device("zero", type: "3", 0, 0),
      needsRoot: "only root makes devices"),
    UnpackedRow(
      "a device in the place of a file, and back", base, TarBytes().device("a", type: "3", 1, 5),
      TarBytes().file("a", "again"),
      needsRoot: "only root makes devices"),
    UnpackedRow(
      "a hard link to a device", TarBytes().device("one", type: "3", 1, 7).hardLink("two", to: "one"),
      needsRoot: "only root makes devices"),
    UnpackedRow(
      "a kind that lies in one piece", TarBytes().entry("f", type: "7", mode: 0o644, content: "1"),
      is: .umociRefuses(["f": "file 1 644"], because: "it knows no such kind, which POSIX has for files")),
    UnpackedRow("a kind that no layer has", TarBytes().entry("v", type: "V"), is: .bothRefuse("entry v ")),
    UnpackedRow(
      "folders' contents as GNU's backups have them",
      TarBytes().entry("d/", type: "D", mode: 0o755, content: "Yf\u{0}\u{0}"), is: .bothRefuse("entry d/ ")),
  ]

  // MARK: attributes

  /// What lets a program open raw sockets.
  private static let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + [UInt8](repeating: 0, count: 12)

  private static let attributes = [
    UnpackedRow(
      "of a user",
      TarBytes().saying([("SCHILY.xattr.user.one", "1"), ("SCHILY.xattr.user.two", "2")]).file("f", "1")
        .saying([("SCHILY.xattr.user.one", "d")]).folder("d/")),
    UnpackedRow(
      "odd values",
      TarBytes().saying([("SCHILY.xattr.user.equals", "a=b=c")]).file("a", "1").saying([
        ("SCHILY.xattr.user.line", "a\nb\n")
      ]).file("b", "1")
        .saying("SCHILY.xattr.user.bytes", [0, 255, 10, 61, 0]).file("c", "1").saying(
          "SCHILY.xattr.user.large", [UInt8](repeating: 7, count: 3000)
        ).file("d", "1")),
    UnpackedRow(
      "a name with NUL", TarBytes().saying([("SCHILY.xattr.user.a\u{0}b", "1")]).file("f", "1"),
      is: .bothRefuse("a header can't be read")),
    UnpackedRow(
      "an empty value", TarBytes().saying([("SCHILY.xattr.user.none", "")]).file("f", "1"),
      is: .differs(
        [Difference("f", strata: "file 1 644 0:0 1600000000 user.none=", umoci: "file 1 644 0:0 1600000000")],
        because: "to Go's reader an empty value is none; files may have such")),
    UnpackedRow("odd names", TarBytes().saying([("SCHILY.xattr.user.a b/c.d", "1")]).file("f", "1")),
    UnpackedRow(
      "a capability",
      TarBytes().owned(by: 7, 7).saying("SCHILY.xattr.security.capability", capability).file("ping", "1", mode: 0o4755),
      needsRoot: "only root gives capabilities"),
    UnpackedRow(
      "a capability, and a name more",
      TarBytes().saying("SCHILY.xattr.security.capability", capability).file("ping", "1", mode: 0o755).hardLink(
        "p", to: "ping"),
      TarBytes().hardLink("q", to: "p"), needsRoot: "only root gives capabilities"),
    UnpackedRow(
      "of root's", TarBytes().saying([("SCHILY.xattr.trusted.one", "1")]).file("f", "1"),
      needsRoot: "only root has such attributes"),
    UnpackedRow(
      "an opaque folder as overlayfs has it", base,
      TarBytes().saying([("SCHILY.xattr.trusted.overlay.opaque", "y")]).folder("d/").file("d/z", "5"),
      needsRoot: "only root has such attributes"),
    UnpackedRow(
      "what SELinux says",
      TarBytes().saying([("SCHILY.xattr.security.selinux", "system_u:object_r:bin_t:s0")]).file("f", "1"),
      needsRoot: "only root labels files"),
    UnpackedRow(
      "of a user, on a link", TarBytes().saying([("SCHILY.xattr.user.one", "1")]).link("l", to: "f"),
      is: .umociRefuses(
        ["l": "link -> f 0:0 1600000000"],
        because: "Linux lets no link have them, which is no reason to refuse the image")),
    UnpackedRow(
      "a list of who may",
      TarBytes().saying(
        "SCHILY.xattr.system.posix_acl_access",
        [
          2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 33, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 4,
          0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255,
        ]
      )
      .file("f", "1")),
    UnpackedRow(
      "a file brought again without them", TarBytes().saying([("SCHILY.xattr.user.one", "1")]).file("f", "1"),
      TarBytes().file("f", "2")),
    UnpackedRow(
      "a folder brought again without them",
      TarBytes().saying([("SCHILY.xattr.user.one", "1")]).folder("d/").file("d/f", "1"), TarBytes().folder("d/")),
    UnpackedRow(
      "a folder brought again with others",
      TarBytes().saying([("SCHILY.xattr.user.one", "1")]).folder("d/").file("d/f", "1"),
      TarBytes().saying([("SCHILY.xattr.user.two", "2")]).folder("d/")),
    UnpackedRow(
      "a folder that a layer passes keeps them",
      TarBytes().saying([("SCHILY.xattr.user.one", "1")]).folder("d/").file("d/f", "1"),
      TarBytes().file("d/g", "2").file("d/.wh.f")),
    UnpackedRow("of the tree itself", TarBytes().saying([("SCHILY.xattr.user.one", "1")]).folder("./").file("f", "1")),
    UnpackedRow("of no kind that is known", TarBytes().saying([("SCHILY.xattr.other.one", "1")]).file("f", "1")),
    UnpackedRow(
      "as libarchive has them",
      TarBytes().saying([("LIBARCHIVE.xattr.user.one", "MQ=="), ("SCHILY.xattr.user.one", "1")]).file("f", "1")),
  ]

  // MARK: bytes

  private static let some = TarBytes().folder("d/").file("d/f", String(repeating: "content ", count: 200)).link(
    "l", to: "d")

  private static let packings = [
    UnpackedRow("an empty archive", facts: [.tar(some), .tar(TarBytes())]),
    UnpackedRow("no bytes at all", facts: [.tar(some), .bytes([])]),
    UnpackedRow("no end blocks", facts: [.bytes(some.bytes)]),
    UnpackedRow(
      "nothing after the last file, as umoci's own insert writes it",
      facts: [.bytes(Array(TarBytes().folder("d/").file("d/f", "12345").bytes.prefix(1029)))]),
    UnpackedRow(
      "the last file not whole",
      facts: [.bytes(Array(TarBytes().folder("d/").file("d/f", "12345").bytes.prefix(1028)))],
      is: .bothRefuse("ends in the middle, after entry d/f")),
    UnpackedRow("one end block", facts: [.bytes(some.bytes + [UInt8](repeating: 0, count: 512))]),
    UnpackedRow("many end blocks", facts: [.bytes(some.finished + [UInt8](repeating: 0, count: 9 * 1024))]),
    UnpackedRow("bytes after the end", facts: [.bytes(some.finished + Array("rubbish".utf8))]),
    UnpackedRow("an archive after the end", facts: [.bytes(some.finished + TarBytes().file("more", "1").finished)]),
    UnpackedRow(
      "an end block amid",
      facts: [.bytes(some.bytes + [UInt8](repeating: 0, count: 512) + TarBytes().file("more", "1").finished)],
      is: .bothRefuse("damaged")),
    UnpackedRow(
      "an archive cut in a file", facts: [.bytes(Array(some.bytes.prefix(1600)))], is: .bothRefuse("ends in the middle")
    ),
    UnpackedRow(
      "an archive cut in a header", facts: [.bytes(Array(some.bytes.prefix(700)))],
      is: .bothRefuse("ends in the middle")),
    UnpackedRow(
      "an archive cut after a header", facts: [.bytes(Array(TarBytes().saying([("path", "x")]).bytes))]),
    UnpackedRow("gzip", facts: [.packed(some, by: "gzip -c", suffix: "+gzip")]),
    UnpackedRow(
      "gzip, with a name and a comment", facts: [.packed(some, by: "cat > named; gzip -N -c named", suffix: "+gzip")]),
    UnpackedRow(
      "gzip in several members",
      facts: [
        .packed(
          some,
          by: "cat > t; head -c 700 t | gzip -c; tail -c +701 t | head -c 900 | gzip -c; tail -c +1601 t | gzip -c",
          suffix: "+gzip")
      ]),
    UnpackedRow(
      "gzip with an empty member",
      facts: [.packed(some, by: "printf '' | gzip -c; gzip -c; printf '' | gzip -c", suffix: "+gzip")]),
    UnpackedRow(
      "gzip with blanks behind it", facts: [.packed(some, by: "gzip -c; head -c 1000 /dev/zero", suffix: "+gzip")],
      is: .umociRefuses(
        ["d": "folder", "d/f": "file of 1600 "],
        because: "its gzip takes them for a member; they are what fills up blocks of tapes")),
    UnpackedRow(
      "gzip with rubbish behind it",
      facts: [.packed(some + TarBytes().file("a", "1"), by: "gzip -c; echo rubbish", suffix: "+gzip")],
      is: .bothRefuse("layer 1 of 1")),
    UnpackedRow(
      "gzip cut short",
      facts: [.packed(some + TarBytes().file("b", "1"), by: "gzip -c | head -c 100", suffix: "+gzip")],
      is: .bothRefuse("layer 1 of 1")),
    UnpackedRow(
      "gzip that is called plain", facts: [.packed(some, by: "gzip -c", suffix: "")],
      is: .umociRefuses(["d/f": "file of 1600 "], because: "it goes by what the layer is called")),
    UnpackedRow(
      "plain that is called gzip", facts: [.packed(some, by: "cat", suffix: "+gzip")],
      is: .umociRefuses(["d/f": "file of 1600 "], because: "it goes by what the layer is called")),
    UnpackedRow("zstd", facts: [.packed(some, by: "zstd -cq", suffix: "+zstd")]),
    UnpackedRow(
      "zstd in several frames",
      facts: [.packed(some, by: "cat > t; head -c 700 t | zstd -cq; tail -c +701 t | zstd -cq", suffix: "+zstd")]),
    UnpackedRow(
      "zstd with a frame to be skipped",
      facts: [.packed(some, by: "printf '\\120\\052\\115\\030\\004\\000\\000\\000skip'; zstd -cq", suffix: "+zstd")]),
    UnpackedRow(
      "zstd with a frame to be skipped at last, as zstd:chunked has it",
      facts: [.packed(some, by: "zstd -cq; printf '\\120\\052\\115\\030\\004\\000\\000\\000skip'", suffix: "+zstd")]),
    UnpackedRow(
      "the same entry thrice",
      TarBytes().file("f", "1").file("f", "22").file("f", "333").folder("d/").folder("d/").folder("d/")
        .link("l", to: "a").link("l", to: "b").link("l", to: "c")),
    UnpackedRow("the same layer thrice", some, some, some),
    UnpackedRow("a layer between itself", base, TarBytes().file(".wh.d"), base),
  ]
}
