import BuildCache

/// What is built in a demo: projects as people have them, with the steps of their Dockerfiles.
struct DemoProject {
  /// What a step does.
  enum Action {
    /// Runs a command; with a cache mount where one is named.
    case run(mount: String? = nil)
    /// Anything else that adds a layer.
    case add
    /// Copies onto nothing, and merges that with the stage.
    case link(copied: String)
  }

  /// A line of a Dockerfile.
  struct Step {
    let action: Action
    /// Its words after `RUN`, or all of them.
    let words: String
    /// What it writes, in kilobytes: a thousandth of what such steps write.
    let kilobytes: ClosedRange<Int>
    /// Where it writes.
    let files: [String]

    static func run(_ command: String, mount: String? = nil, _ kilobytes: ClosedRange<Int>, _ files: String...) -> Step
    {
      Step(action: .run(mount: mount), words: command, kilobytes: kilobytes, files: files)
    }
    static func add(_ words: String, _ kilobytes: ClosedRange<Int>, _ files: String...) -> Step {
      Step(action: .add, words: words, kilobytes: kilobytes, files: files)
    }
    static func link(_ words: String, copies: String, _ kilobytes: ClosedRange<Int>, _ files: String...) -> Step {
      Step(action: .link(copied: copies), words: words, kilobytes: kilobytes, files: files)
    }
  }

  /// A stage of a Dockerfile.
  struct Stage {
    /// Its name, as progress shows it: with the target before it where there are several targets.
    let name: String
    /// The image that it begins with.
    let image: String
    let steps: [Step]
  }

  /// The image that it ends in.
  let tag: String
  let stages: [Stage]
  /// Whether what its last steps changed is taken as a tree of its own.
  let takesDiff: Bool

  static let all = [web, base, api, job]

  private static let web = DemoProject(
    tag: "docker.io/acme/web:latest",
    stages: [
      Stage(
        name: "web build", image: "docker.io/library/node:22-bookworm-slim",
        steps: [
          .add("WORKDIR /app", 0...0, "app"),
          .add("COPY package.json package-lock.json ./", 20...60, "app/package.json", "app/package-lock.json"),
          .run("npm ci", mount: "/root/.npm", 300...900, "app/node_modules/react.js", "app/node_modules/vite.js"),
          .add("COPY tsconfig.json vite.config.ts ./", 4...8, "app/tsconfig.json"),
          .add("COPY . .", 40...300, "app/src/main.tsx", "app/public/logo.svg"),
          .run("npm run lint", 4...12, "app/.eslintcache"),
          .run("npm run build", 60...400, "app/dist/index.html", "app/dist/assets/index.js"),
        ]),
      Stage(
        name: "web", image: "docker.io/library/nginx:1.27-alpine",
        steps: [
          .add("COPY nginx.conf /etc/nginx/conf.d/default.conf", 4...4, "etc/nginx/conf.d/default.conf"),
          .link(
            "COPY --link --from=build /app/dist /usr/share/nginx/html", copies: "copy /app/dist /usr/share/nginx/html",
            60...400, "usr/share/nginx/html/index.html"),
        ]),
    ], takesDiff: false)

  private static let base = DemoProject(
    tag: "docker.io/acme/base:bookworm",
    stages: [
      Stage(
        name: "base", image: "docker.io/library/debian:12-slim",
        steps: [
          .run(
            "apt-get update && apt-get install -y --no-install-recommends ca-certificates curl git",
            mount: "/var/cache/apt", 400...1200, "usr/bin/git", "usr/lib/libcurl.so", "var/lib/dpkg/status"),
          .run("useradd --system --create-home --uid 10001 app", 4...8, "etc/passwd"),
          .add("COPY certs/ /usr/local/share/ca-certificates/", 8...30, "usr/local/share/ca-certificates/acme.crt"),
          .run("update-ca-certificates", 120...220, "etc/ssl/certs/ca-certificates.crt"),
          .add("COPY --chmod=755 entrypoint.sh /usr/local/bin/", 4...8, "usr/local/bin/entrypoint.sh"),
        ])
    ], takesDiff: true)

  private static let api = DemoProject(
    tag: "docker.io/acme/api:1.14.2",
    stages: [
      Stage(
        name: "api builder", image: "docker.io/library/golang:1.23-alpine",
        steps: [
          .run("apk add --no-cache git make", 100...250, "usr/bin/git", "usr/bin/make"),
          .add("WORKDIR /src", 0...0, "src"),
          .add("COPY go.mod go.sum ./", 10...40, "src/go.mod", "src/go.sum"),
          .run("go mod download", mount: "/go/pkg/mod", 200...700, "go/pkg/mod/cache.lock"),
          .add("COPY . .", 80...300, "src/cmd/api/main.go", "src/internal/store.go"),
          .run("go vet ./...", 4...12, "root/.cache/vet"),
          .run("go build -o /out/api ./cmd/api", mount: "/root/.cache/go-build", 150...500, "out/api"),
        ]),
      Stage(
        name: "api", image: "docker.io/library/alpine:3.20",
        steps: [.add("COPY --from=builder /out/api /usr/local/bin/api", 150...500, "usr/local/bin/api")]),
    ], takesDiff: false)

  private static let job = DemoProject(
    tag: "docker.io/acme/report-job:2026.11",
    stages: [
      Stage(
        name: "job deps", image: "docker.io/library/python:3.13-slim",
        steps: [
          .run(
            "apt-get update && apt-get install -y gcc libpq-dev && rm -rf /var/lib/apt/lists/*", 500...1300,
            "usr/bin/gcc", "usr/lib/libpq.so"),
          .add("COPY requirements.txt .", 4...8, "requirements.txt"),
          .run(
            "pip install --prefix=/install -r requirements.txt", mount: "/root/.cache/pip", 300...900,
            "install/lib/pandas.so", "install/lib/numpy.so"),
        ]),
      Stage(
        name: "job", image: "docker.io/library/python:3.13-slim",
        steps: [
          .link(
            "COPY --link --from=deps /install /usr/local", copies: "copy /install /usr/local", 300...900,
            "usr/local/lib/pandas.so"),
          .add("COPY report/ ./report/", 20...90, "report/__main__.py", "report/queries.sql"),
          .run("python -m compileall -q report", 10...60, "report/__pycache__/main.pyc"),
        ]),
    ], takesDiff: true)
}
