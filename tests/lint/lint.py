#!/usr/bin/python3
"""The rules of this tree that a machine can check, one function a rule, TAP on stdout.

    tests/lint/lint.py SOURCE_ROOT BUILD_ROOT RULE…        RULE: see RULES at the end; none = all
    tests/lint/lint.py . build docs --write                brings the generated documentation up to date

A rule yields (sentence, [violations]) pairs; an empty list is a pass. Only files that git knows are looked at
(tracked, or new and not ignored), so build directories and caches never count.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = BUILD = None

# Column "third party" of src/README.md -> headers that it opens.
THIRD_PARTY = {
    "client library": r"(mysql|mysqld_error|errmsg|mysql/.*|mariadb/.*)\.h",
    "uv": r"uv\.h",
    "zlib": r"zlib\.h",
    "zstd": r"zstd(_errors)?\.h",
    "jansson": r"jansson\.h",
    "rdkafka": r"librdkafka/rdkafka(_mock)?\.h",
    "pcre2": r"pcre2\.h",
    "libmicrohttpd": r"microhttpd\.h",
    "openssl": r"openssl/.*\.h",
    "gnutls": r"gnutls/.*\.h",
    "curl": r"curl/curl\.h",
}
BANNED = "strcpy strcat sprintf vsprintf gets strtok rand srand atoi atol atoll alloca tmpnam mktemp system setjmp longjmp"
TOP_LEVEL = "meson.build src include schemas tests mysql-fixtures docker-compose.yml README.md".split()
LONGEST = 600
MARK_BEGIN, MARK_END = "<!-- options: generated, see tests/lint -->", "<!-- options end -->"
RECORDED = ("tests/golden/", "tests/conformance/")
RESHAPED = ("tests/golden/connect-transforms/", "tests/golden/changed-fields/", "tests/golden/logical-table/", "tests/golden/outbox/",
            "tests/golden/java-forms/", "tests/golden/transform-edges/", "tests/golden/timezone/",
            "tests/golden/geometry-transforms/")  # transforms made other records of them
WRITE = "--write" in sys.argv


def git_files():
    """Paths relative to the root; a source archive without .git is walked instead."""
    try:
        out = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, check=True)
        names = [n for n in out.stdout.decode().split("\0") if n]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if not f.startswith((".", "build", "__pycache__"))]
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(n for n in names if os.path.isfile(os.path.join(ROOT, n)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


def c_files(*tops):
    return [n for n in git_files() if n.endswith((".c", ".h")) and n.split("/")[0] in tops]


def layer_table():
    """{room: (rooms it may include, patterns of third-party headers)} from the table of src/README.md."""
    rooms, table = [], {}
    for line in read("src/README.md").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 4 or cells[0] == "room" or set(cells[0]) <= set("-: "):
            continue
        room, may, third, _ = (re.sub(r" *\([^)]*\)", "", c) for c in cells)  # a remark in parentheses is for people
        rooms.append(room)
        table[room] = [may, third]
    for i, room in enumerate(rooms):
        may, third = table[room]
        allowed = {"all": set(rooms), "all above": set(rooms[:i])}.get(may) or set(may.replace("–", "").split())
        unknown = allowed - set(rooms)
        if unknown:
            raise SystemExit(f"src/README.md: row '{room}' names no room: {unknown}")
        libraries = list(THIRD_PARTY) if third == "all" else [t for t in THIRD_PARTY if re.search(rf"(^|[ ,]){t}($|[ ,])", third)]
        named = re.sub("|".join(THIRD_PARTY), "", third.replace("–", "").replace(",", "")).strip()
        if third != "all" and named:
            raise SystemExit(f"src/README.md: row '{room}' names an unknown library: '{named}'")
        table[room] = (allowed | {room}, [THIRD_PARTY[t] for t in libraries])
    return table


def room_of(name):
    """The room a file belongs to: src/<room>/… or include/penstock/<room>[.h|/…]; None for main.c."""
    m = re.match(r"(?:src|include/penstock)/(\w+)(?:/|\.h$)", name)
    return m and m.group(1)


def layers():
    table = layer_table()
    any_third = re.compile("|".join(THIRD_PARTY.values()))
    found = {room: [] for room in table}
    for name in c_files("src", "include"):
        room = room_of(name)
        if room is None:
            continue
        if room not in table:
            found.setdefault(room, []).append(f"{name}: room '{room}' has no row in src/README.md")
            continue
        may, libraries = table[room]
        for number, line in enumerate(read(name).splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
            if not m:
                continue
            header = m.group(1)
            other = re.match(r"penstock/(\w+)(?:/|\.h$)", header)
            if other:
                if other.group(1) not in may:
                    found[room].append(f"{name}:{number}: room '{room}' may not include <{header}>")
            elif '"' in line:
                there = any(os.path.exists(os.path.join(top, "src", room, header)) for top in (ROOT, BUILD))  # BUILD: a generated one
                if "/" in header or not there:
                    found[room].append(f"{name}:{number}: \"{header}\" is not a private header of room '{room}'")
            elif any_third.fullmatch(header) and not any(re.fullmatch(p, header) for p in libraries):
                found[room].append(f"{name}:{number}: row '{room}' of src/README.md does not list the library of <{header}>")
    for room, violations in found.items():
        yield f"room '{room}' includes only what its row allows", violations


def names():
    seen = {}
    for name in c_files("src", "include", "tests"):
        seen.setdefault(os.path.basename(name), []).append(name)
    yield "file names are unique in the tree", [f"{', '.join(v)}: the same name" for v in seen.values() if len(v) > 1]


def sizes():
    long, bare = [], []
    for name in c_files("src", "include", "tests"):
        text = read(name)
        if not text.lstrip().startswith(("/*", "//")):
            bare.append(f"{name}: does not start with a comment that says what it is")
        head = text[:text.find("*/")] if "*/" in text else ""
        if text.count("\n") > LONGEST and not re.search(r"flat (table|switch)", head):
            long.append(f"{name}: {text.count(chr(10))} lines; over {LONGEST} only as a flat table or flat switch, said in its first comment")
    yield f"no file is over {LONGEST} lines unless it is a flat table", long
    yield "every file says first what it is", bare


def code_only(text):
    """C without comments and literals, line structure kept."""
    keep = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', keep, text, flags=re.S)


def banned():
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED.split()) + r")\s*\(")
    found = [f"{name}:{number}: {m.group(1)}()" for name in c_files("src", "include")
             for number, line in enumerate(code_only(read(name)).splitlines(), 1) for m in pattern.finditer(line)]
    yield "no call of " + ", ".join(BANNED.split()), found
    sleeping = [f"{name}:{number}: a test waits for the event, it does not sleep" for name in git_files()
                if name.startswith(("tests/unit/", "tests/e2e/", "tests/fault/", "tests/golden/")) and name.endswith((".c", ".py"))
                for number, line in enumerate((code_only(read(name)) if name.endswith(".c") else read(name)).splitlines(), 1)
                if re.search(r"\b(sleep|usleep|nanosleep)\s*\(", line) and "poll interval" not in line]
    yield "no test sleeps", sleeping
    unfinished = [f"{name}:{number}: {m.group(0)}" for name in c_files("src", "include", "tests")
                  for number, line in enumerate(read(name).splitlines(), 1) for m in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", line)]
    yield "nothing is left as TODO", unfinished


def tree():
    top = {n.split("/")[0] for n in git_files()}
    yield "the visible top level is " + " ".join(TOP_LEVEL), [
        f"{n}: not expected at the top level" for n in sorted(top) if not n.startswith(".") and n not in TOP_LEVEL]
    # Built from halves, so that this file does not hold what it looks for.
    hosts = "|".join(h.replace(" ", r"\.") for h in (
        "deb debian org", "pypi org", "pythonhosted org", "registry npmjs org", "registry yarnpkg com", "repo1 maven org", "repo maven apache org",
        "crates io", "proxy golang org", "security debian org", "snapshot debian org"))
    shared = r"\.\./" + "shared|/work/" + "shared"
    hosted, outside = [], []
    for name in git_files():
        for number, line in enumerate(read(name).splitlines(), 1):
            if re.search(hosts, line):
                hosted.append(f"{name}:{number}: names a package registry's host")
            if re.search(shared, line):
                outside.append(f"{name}:{number}: refers to something outside the repository")
    yield "no file names a registry's host", hosted
    yield "no file refers to something outside the repository", outside
    big = [f"{n}: {os.path.getsize(os.path.join(ROOT, n))} bytes" for n in git_files() if os.path.getsize(os.path.join(ROOT, n)) > 2 << 20]
    yield "no file is over 2 MiB", big


def in_parallel(work, items):
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        return list(pool.map(work, items))


def clang_format():
    if not shutil.which("clang-format"):
        return  # skip: tests/run installs it
    files = c_files("src", "include", "tests")

    def check(name):
        out = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", name], cwd=ROOT, capture_output=True, text=True)
        return name if out.returncode else None
    yield "clang-format changes nothing", [f"{n}: clang-format -i {n}" for n in in_parallel(check, files) if n]


def tidy_stamp(entry, version):
    """Where it is remembered that clang-tidy had nothing to say: by the words of the compiler's command and the bytes of
    the file, of all its headers that are the project's, and of .clang-tidy. None when the compiler does not list them."""
    words = [w for w in shlex.split(entry["command"]) if w != "ccache"]
    words = words[:words.index("-o")] if "-o" in words else words
    out = subprocess.run(words + ["-MM", "-MF", "-", entry["file"]], cwd=entry["directory"], capture_output=True, text=True)
    if out.returncode:
        return None
    key = hashlib.sha256(version + read(".clang-tidy").encode())
    key.update(" ".join(w for w in words if w.startswith(("-D", "-std", "-O", "-f"))).encode())
    for path in out.stdout.replace("\\\n", " ").split()[1:]:
        with open(os.path.join(entry["directory"], path), "rb") as f:
            key.update(b"\0" + f.read())
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "penstock-tidy", key.hexdigest())


def clang_tidy():
    database = os.path.join(BUILD, "compile_commands.json")
    if not shutil.which("clang-tidy") or not os.path.exists(database):
        return
    with open(database) as f:
        known = {os.path.relpath(os.path.realpath(os.path.join(e["directory"], e["file"])), os.path.realpath(ROOT)): e for e in json.load(f)}
    files = [n for n in c_files("src") if n.endswith(".c") and n in known]
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True).stdout

    def check(name):
        stamp = tidy_stamp(known[name], version)
        if stamp and os.path.exists(stamp):
            return []
        violations = run(name)
        if stamp and not violations:
            os.makedirs(os.path.dirname(stamp), exist_ok=True)
            open(stamp, "w").close()
        return violations

    def run(name):
        out = subprocess.run(["clang-tidy", "--quiet", "-p", BUILD, name], cwd=ROOT, capture_output=True, text=True)
        return [line for line in out.stdout.splitlines() if re.search(r": (error|warning): ", line)] or (
            [f"{name}: clang-tidy ends with {out.returncode}"] if out.returncode else [])
    said = set()  # what is wrong in a header is said once, not for every file that includes it
    for name, violations in zip(files, in_parallel(check, files)):
        fresh = [re.sub(r"^(/.*?/)?(\.\./)+", "", v) for v in violations]
        fresh = [v for v in fresh if v not in said]
        said.update(fresh)
        yield f"clang-tidy has nothing to say about {name}", fresh


def compose():
    """docker-compose.yml as far as no docker engine is needed: its schema, and that what it refers to exists."""
    try:
        import yaml
    except ImportError:
        return
    if not os.path.exists(os.path.join(ROOT, "docker-compose.yml")):
        return
    doc = yaml.safe_load(read("docker-compose.yml"))
    services = doc.get("services", {})
    found = []
    if shutil.which("docker-compose"):  # Debian's: its schema needs no engine
        out = subprocess.run(["docker-compose", "config", "-q"], cwd=ROOT, capture_output=True, text=True)
        if out.returncode:
            found.append(out.stderr.strip())
    for name, service in services.items():
        if not ({"image", "build"} & service.keys()):
            found.append(f"service '{name}' has neither image nor build")
        build = service.get("build")
        if build:
            build = {"context": build} if isinstance(build, str) else build
            path = os.path.join(ROOT, build.get("context", "."), build.get("dockerfile", "Dockerfile"))
            if not os.path.exists(path):
                found.append(f"service '{name}': no {os.path.relpath(path, ROOT)}")
        for other, how in (service.get("depends_on") or {}).items():
            if other not in services:
                found.append(f"service '{name}' depends on '{other}', which is not there")
            elif how.get("condition") == "service_healthy" and "healthcheck" not in services[other]:
                found.append(f"service '{name}' waits for the health of '{other}', which has no healthcheck")
        for volume in service.get("volumes", []):
            source = str(volume).split(":")[0]
            if source.startswith("./") and not os.path.exists(os.path.join(ROOT, source)):
                found.append(f"service '{name}': no {source}")
            elif not source.startswith((".", "/")) and source not in (doc.get("volumes") or {}):
                found.append(f"service '{name}': volume '{source}' is not declared")
        for port in service.get("ports", []):
            if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", str(port)):
                found.append(f"service '{name}': port {port} is not published on loopback only")
    yield "docker-compose.yml is whole", found


def generated():
    """{file: (generated text, the text that is there)}; for README.md the part between the two markers."""
    program = os.path.join(BUILD, "tests/lint/print_options")
    if not os.path.exists(program):
        return None

    def made(what):
        return subprocess.run([program, what], capture_output=True, text=True, check=True).stdout
    readme = read("README.md")
    begin, end = readme.find(MARK_BEGIN), readme.find(MARK_END)
    if begin < 0 or end < begin:
        raise SystemExit(f"README.md: no '{MARK_BEGIN}' … '{MARK_END}'")
    begin += len(MARK_BEGIN) + 1
    out = {"README.md": (readme[:begin] + "\n" + made("markdown") + readme[end:], readme)}
    for kind in ("connector", "worker"):
        name = f"schemas/{kind}.schema.json"
        out[name] = (json.dumps(json.loads(made(kind)), indent=2, ensure_ascii=False) + "\n", read(name) if os.path.exists(os.path.join(ROOT, name)) else "")
    return out


def docs():
    files = generated()
    for name, (want, there) in (files or {}).items():
        if WRITE and want != there:
            with open(os.path.join(ROOT, name), "w", encoding="utf-8") as f:
                f.write(want)
        yield f"the generated part of {name} is up to date", [] if WRITE or want == there else ["run: tests/lint/lint.py . BUILD docs --write"]
    rooms, table = {n.split("/")[1] for n in c_files("src") if n.count("/") > 1}, layer_table()
    yield "src/README.md has a row for every room", [f"src/{r}: no row" for r in sorted(rooms - table.keys())]


def schemas():
    """schemas/*.schema.json are JSON Schemas, and the records and configurations of this repository match them."""
    try:
        import jsonschema
    except ImportError:
        return
    store = {}
    for name in git_files():
        if name.startswith("schemas/") and name.endswith(".schema.json"):
            store[os.path.basename(name)] = json.loads(read(name))
    for name, schema in sorted(store.items()):
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
            yield f"schemas/{name} is a JSON Schema", []
        except jsonschema.SchemaError as e:
            yield f"schemas/{name} is a JSON Schema", [e.message]
    resolver = jsonschema.RefResolver("", {}, store=store)
    validators = {name.split(".")[0]: jsonschema.Draft202012Validator(schema, resolver=resolver) for name, schema in store.items()}

    def problems(kind, value, where):
        return [f"{where}: {'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validators[kind].iter_errors(value)]
    found, count = [], 0
    for name in git_files():
        if not name.endswith(".jsonl") or not name.startswith(RECORDED) or name.startswith(RESHAPED):
            continue
        for number, line in enumerate(read(name).rstrip("\n").split("\n"), 1):  # U+2028 is text, no line end
            value = json.loads(line)["value"]
            value = json.loads(value) if isinstance(value, str) else value
            value = value["payload"] if isinstance(value, dict) and set(value) == {"schema", "payload"} else value
            kind = record_kind(value)
            if kind in validators:
                count += 1
                found += problems(kind, value, f"{name}:{number}")
    yield f"recorded records match their schemas ({count})", found
    yield "mysql-fixtures/compose/shop.json matches its schema", problems("connector", json.loads(read("mysql-fixtures/compose/shop.json"))["config"], "shop.json")


def record_kind(value):
    """Which schema a value claims, by the fields that only it has; None for unwrapped and other forms."""
    if not isinstance(value, dict):
        return None
    for kind, fields in (("change", {"op", "source", "before"}), ("schema-history", {"position", "ddl", "tableChanges"}),
                         ("schema-change", {"ddl", "tableChanges"}), ("transaction", {"status", "data_collections"}),
                         ("notification", {"aggregate_type"})):
        if fields <= value.keys():
            return kind
    return "heartbeat" if value.keys() == {"ts_ms"} else None


RULES = {"layers": layers, "names": names, "sizes": sizes, "banned": banned, "tree": tree, "format": clang_format, "tidy": clang_tidy,
         "compose": compose, "docs": docs, "schemas": schemas}


def main():
    global ROOT, BUILD
    ROOT, BUILD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    count = failed = 0
    for rule in [a for a in sys.argv[3:] if not a.startswith("--")] or RULES:
        results = list(RULES[rule]()) or [(f"{rule} # SKIP what it needs is not here", [])]
        for sentence, violations in results:
            count += 1
            failed += bool(violations)
            print(f"{'not ok' if violations else 'ok'} {count} - {sentence}")
            for v in violations[:40]:
                print(f"# {v}")
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
