"""Puts the static page together: `build.py DIRECTORY`; see docs/browser.md."""

from __future__ import annotations

import ast
import gzip
import hashlib
import importlib
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

PROJECT = Path(__file__).parents[2]
HERE = Path(__file__).parent
WEB = PROJECT / "tts_daemon/inputs/http/web"
NPM = PROJECT / ".cache/browser/node_modules"
VOICE = "wuyin"
EPOCH = (1980, 1, 1, 0, 0, 0)

LIBRARIES = ("yaml", "defusedxml")
"""Pure Python, beside the front end."""
CODE = {".py", ".txt", ".tsv"}
ENCODINGS = ("__init__", "aliases", "utf_8", "ascii", "latin_1", "cp437", "gb2312")
SPARED = re.compile(
    r"(multiprocessing|_pyrepl|unittest|http|email|xmlrpc|wsgiref|ctypes|sqlite3|xml/dom|xml/sax)/"
    r"|(pdb|doctest|tarfile|pydoc|_pyio|imaplib|mailbox|smtplib|poplib|ftplib|optparse|configparser"
    r"|statistics|pickletools)\.py$"
)
"""Of Python's library: what neither the front end nor Pyodide imports; a third of it."""
DAEMON = "data-daemon"
VOID = {"meta", "link", "input", "img", "br", "use", "path"}
HEAD = """<meta http-equiv="Content-Security-Policy"
    content="default-src 'self' blob: data:; script-src 'self' 'wasm-unsafe-eval'">
  <link rel="stylesheet" href="demo.css">
  <script type="module" src="demo.js"></script>
</head>"""


def build(target: Path) -> None:
    """Write the page into an empty directory."""
    shutil.copytree(WEB / "shared", target / "shared")
    shutil.copytree(WEB / "synthesis", target / "synthesis")
    shutil.copytree(WEB / "engine", target / "engine")
    for file in HERE.glob("*.*s"):
        if file.name != "service-worker.js":
            shutil.copy(file, target)
    page = without_daemon((WEB / "index.html").read_text(encoding="utf-8"))
    (target / "index.html").write_text(page.replace("</head>", HEAD), encoding="utf-8")
    put_python(target / "pyodide")
    put_front_end(target / "frontend.zip")
    put_voice(target / "voices" / VOICE)
    put_texts(target)
    put_service_worker(target)


def without_daemon(page: str) -> str:
    """The daemon's page without the elements that need a daemon."""
    stripper = _Stripper()
    stripper.feed(page)
    return "".join(stripper.kept)


class _Stripper(HTMLParser):
    """Keeps the source of every element outside of those that carry `data-daemon`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._depth = 0  # inside an element that is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._depth and DAEMON not in dict(attrs):
            self._keep(self.get_starttag_text() or "")
        elif tag not in VOID:
            self._depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if DAEMON not in dict(attrs):
            self._keep(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._keep(f"</{tag}>")
        self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, source: str) -> None:
        if not self._depth:
            self.kept.append(source)


def put_python(target: Path) -> None:
    """Pyodide, with the part of the library that is used, and the libraries in JavaScript."""
    target.mkdir()
    shutil.copy(NPM / "pyodide/pyodide.mjs", target)
    for name in ("pyodide.asm.wasm", "pyodide.asm.mjs"):
        pack(NPM / "pyodide" / name, target / f"{name}.packed")
    lock = json.loads((NPM / "pyodide/pyodide-lock.json").read_text(encoding="utf-8"))
    (target / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": {}}))
    library = zipfile.ZipFile(NPM / "pyodide/python_stdlib.zip")
    kept = ((name, library.read(name)) for name in library.namelist() if is_needed(name))
    write_zip(target / "python_stdlib.zip", kept)
    segmenter, converter = target.with_name("jieba"), target.with_name("opencc")
    segmenter.mkdir()
    converter.mkdir()
    shutil.copy(NPM / "jieba-wasm/pkg/web/jieba_rs_wasm.js", segmenter / "jieba.js")
    pack(NPM / "jieba-wasm/pkg/web/jieba_rs_wasm_bg.wasm", segmenter / "jieba.wasm.packed")
    shutil.copy(NPM / "opencc-js/dist/esm/t2cn.js", converter)


def is_needed(name: str) -> bool:
    """Whether a file of Python's library goes along."""
    folder, _, module = name.rpartition("/")
    if folder == "encodings":
        return module.removesuffix(".py") in ENCODINGS
    return not SPARED.match(name)


def put_front_end(target: Path) -> None:
    """Our own modules and tables, the libraries that they use, and what stands for the others."""
    write_zip(target, front_end())


def front_end() -> Iterator[tuple[str, bytes]]:
    """Names and contents."""
    tables = set(files_of(PROJECT / "tts_daemon/text"))
    for file in sorted(tables | imported_by(HERE / "python/page_reader.py")):
        yield str(file.relative_to(PROJECT)), file.read_bytes()
    for library in LIBRARIES:
        root = Path(importlib.import_module(library).__file__ or "").parent
        for file in files_of(root):
            yield str(file.relative_to(root.parent)), file.read_bytes()
    for file in files_of(HERE / "python"):
        yield file.name, file.read_bytes()
    manifest = PROJECT / "models" / VOICE / "voice.json"
    yield f"models/{VOICE}/voice.json", manifest.read_bytes()


def imported_by(file: Path) -> set[Path]:
    """Our modules that a file imports when it is imported, and those that they import."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        tree = ast.parse(waiting.pop().read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tts_daemon"):
                names = [str(node.module), *(f"{node.module}.{item.name}" for item in node.names)]
                new = {path for name in names for path in files_of_module(name)} - found
                found |= new
                waiting.extend(new)
    return found


def files_of_module(name: str) -> Iterator[Path]:
    """Its own file, and those of the packages that it lies in; nothing where it is no module."""
    path = PROJECT / name.replace(".", "/")
    for package in [path, *path.parents]:
        if package.is_relative_to(PROJECT / "tts_daemon") and (package / "__init__.py").is_file():
            yield package / "__init__.py"
    if path.with_suffix(".py").is_file():
        yield path.with_suffix(".py")


def files_of(path: Path) -> list[Path]:
    """Code and tables of a file or a folder."""
    found = [path] if path.is_file() else sorted(path.rglob("*"))
    return [file for file in found if file.suffix in CODE]


def put_voice(target: Path) -> None:
    """The embedded voice, its graphs packed."""
    target.mkdir(parents=True)
    shutil.copy(PROJECT / "models" / VOICE / "voice.json", target)
    for graph in (PROJECT / "models" / VOICE).glob("*.onnx"):
        pack(graph, target / f"{graph.name}.packed")


def put_texts(target: Path) -> None:
    """Licences: ours, and those of what was fetched."""
    for name in ("LICENSE", "THIRD_PARTY.md"):
        shutil.copy(PROJECT / name, target)
    shutil.copy(NPM / "jieba-wasm/LICENSE", target / "jieba")
    shutil.copy(NPM / "opencc-js/LICENSE", target / "opencc")
    shutil.copy(NPM / "opencc-js/THIRD_PARTY_LICENSES.md", target / "opencc")


def put_service_worker(target: Path) -> None:
    """The list of all files, and the code that keeps them."""
    texts = {"LICENSE", "THIRD_PARTY.md", "THIRD_PARTY_LICENSES.md"}
    files = sorted(file for file in target.rglob("*") if file.is_file() and file.name not in texts)
    sizes = {str(file.relative_to(target)): file.stat().st_size for file in files}
    sizes["./"] = sizes.pop("index.html")
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    code = (HERE / "service-worker.js").read_text(encoding="utf-8")
    head = (
        f"const VERSION = {json.dumps(digest.hexdigest())};\nconst FILES = {json.dumps(sizes)};\n"
    )
    (target / "service-worker.js").write_text(head + code, encoding="utf-8")
    print(f"{sum(sizes.values()) / 1e6:.1f} MB in {len(sizes)} files: {target}")


def pack(source: Path, target: Path) -> None:
    """As `web/synthesis/files.js` unpacks it."""
    target.write_bytes(gzip.compress(source.read_bytes(), mtime=0))


def write_zip(target: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """The same bytes for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
