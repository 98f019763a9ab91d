"""Puts the documentation site together, and checks its links: `cargo xtask docs` calls it.

    site.py sources COMMAND FOLDER    writes the pages of all, and mkdocs.yml, into FOLDER
    site.py check SITE                completes what rustdoc wrote, and fails where a link of the site leads nowhere, or only at the root of a server
"""

import ast
import html.parser
import json
import pathlib
import posixpath
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[3]
STUBS = ["_native.pyi", "documents.py", "types.py", "splits.py", "spark.py"]
RUST = "rust/mailferry/index.html"

# Pages that are written by hand, by their places on the site.
PAGES = {
    "index.md": "README.md",
    "python/index.md": "bindings-python/README.md",
    "javascript/index.md": "bindings-wasm/npm/README.md",
    "changes.md": "CHANGELOG.md",
    "fidelity.md": "FIDELITY.md",
    "architecture.md": "ARCHITECTURE.md",
    "security.md": "SECURITY.md",
    "releasing.md": "RELEASING.md",
    "contributing.md": "CONTRIBUTING.md",
    **{path.relative_to(ROOT).as_posix(): path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("docs/**/*.md"))},
}
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")


def title(text):
    return re.search(r"^# (.*)$", text, re.M).group(1)


def with_links(page, origin, text):
    """The same text with links that hold on the site: to its pages, and else to the repository."""
    places = {source: place for place, source in PAGES.items()}
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    address = re.search(r'^repository = "(.*)"$', manifest, re.M).group(1)

    def relinked(found):
        words, link = found.groups()
        path, hash_, anchor = link.partition("#")
        if "://" in link or not path or link.startswith("mailto:"):
            return found.group(0)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))
        if target in places:
            return f"[{words}]({posixpath.relpath(places[target], posixpath.dirname(page))}{hash_}{anchor})"
        if not (ROOT / target).exists():
            raise SystemExit(f"{origin}: {link} is not in the repository")
        return f"[{words}]({address}/blob/main/{target}{hash_}{anchor})"

    # What is code is no link.
    pieces = re.split(r"(^```.*?^```$|`[^`\n]*`)", text, flags=re.M | re.S)
    return "".join(piece if number % 2 else LINK.sub(relinked, piece) for number, piece in enumerate(pieces))


def command_pages(command, folder):
    """A page for each command, from what it says of itself."""

    def said(*words):
        text = subprocess.run([command, *words, "--help"], capture_output=True, text=True, check=True).stdout
        return "\n".join(line.rstrip() for line in text.splitlines())

    overview = said()
    listed = re.search(r"^Commands:\n(.*?)\n\n", overview, re.M | re.S).group(1)
    names = [name for name in re.findall(r"^  (\w[\w-]*) ", listed, re.M) if name != "help"]
    pages = {"command/index.md": f"# The command\n\n```text\n{overview}\n```\n\n" + "".join(f"- [{name}]({name}.md)\n" for name in names)}
    for name in names:
        pages[f"command/{name}.md"] = f"# mailferry {name}\n\n```text\n{said(name)}\n```\n"
    for place, text in pages.items():
        write(folder / place, text)
    return [{name: f"command/{name}.md"} for name in names]


def fenced(docstring):
    """A docstring as Markdown: its examples are blocks of code."""
    lines, inside = [], False
    for line in (docstring or "").splitlines():
        if line.startswith(">>> ") and not inside:
            lines += ["", "```pycon"]
            inside = True
        elif inside and not line:
            lines += ["```", ""]
            inside = False
            continue
        lines.append(line)
    return "\n".join(lines + ["```"] * inside)


def signature(node, name):
    arguments = ast.unparse(node.args)
    arguments = re.sub(r"^self(, )?(/, )?", "", arguments)
    arguments = re.sub(r", /$|^/$", "", arguments)
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    one = f"{name}({arguments}){result}"
    if len(one) <= 96:
        return one
    parts = [ast.unparse(ast.arguments([], [argument], None, [], [], None, [])) for argument in node.args.posonlyargs + node.args.args if argument.arg != "self"]
    if node.args.kwonlyargs:
        parts.append("*")
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults):
            parts.append(ast.unparse(argument) + (f" = {ast.unparse(default)}" if default else ""))
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"


def python_pages(folder):
    """The reference of the Python package, from its stub and its typed modules."""
    navigation = []
    for file in STUBS:
        tree = ast.parse((ROOT / "bindings-python/python/mailferry" / file).read_text(encoding="utf-8"))
        module = "mailferry" if file == "_native.pyi" else f"mailferry.{pathlib.Path(file).stem}"
        about = "" if file == "_native.pyi" else fenced(ast.get_docstring(tree))
        text = [f"# {module}\n\n{about}\n"]
        for node in tree.body:
            if getattr(node, "name", "_").startswith("_"):
                continue
            if isinstance(node, ast.FunctionDef):
                text.append(f"## {node.name}\n\n```python\n{signature(node, f'{module}.{node.name}')}\n```\n\n{fenced(ast.get_docstring(node))}\n")
            elif isinstance(node, ast.ClassDef):
                bases = ", ".join(ast.unparse(base) for base in node.bases if not ast.unparse(base).startswith("_"))
                text.append(f"## {node.name}\n\n```python\nclass {module}.{node.name}{f'({bases})' if bases else ''}\n```\n\n{fenced(ast.get_docstring(node))}\n")
                text += members(node)
        place = f"python/{'api' if module == 'mailferry' else pathlib.Path(file).stem}.md"
        write(folder / place, "\n".join(text))
        navigation.append({module: place})
    return navigation


def members(node):
    """What a class has: fields with the text behind them, properties and methods."""
    found = {}
    for child, behind in zip(node.body, [*node.body[1:], None]):
        if isinstance(child, ast.AnnAssign):
            said = behind.value.value if isinstance(behind, ast.Expr) and isinstance(behind.value, ast.Constant) else ""
            found.setdefault(child.target.id, ([], said))[0].append(f"{child.target.id}: {ast.unparse(child.annotation)}")
        elif isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
            is_property = any(isinstance(one, ast.Name) and one.id == "property" for one in child.decorator_list)
            line = f"{child.name}: {ast.unparse(child.returns)}" if is_property else signature(child, child.name)
            found.setdefault(child.name, ([], ast.get_docstring(child) or ""))[0].append(line)
    for name, (lines, said) in found.items():
        code = "\n".join(lines)
        yield f"### {node.name}.{name}\n\n```python\n{code}\n```\n\n{fenced(said)}\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def sources(command, folder):
    texts = {}
    for place, origin in PAGES.items():
        texts[place] = with_links(place, origin, (ROOT / origin).read_text(encoding="utf-8"))
        write(folder / "pages" / place, texts[place])
    commands, python = command_pages(command, folder / "pages"), python_pages(folder / "pages")
    listed = lambda start: [{title(texts[place]): place} for place in PAGES if place.startswith(start)]
    handbook = [place for place in PAGES if place.startswith("docs/") and place.count("/") == 1]
    configuration = {
        "site_name": "mailferry",
        "docs_dir": "pages",
        "site_dir": "site",
        # So that a page is a file, wherever it is served from or opened.
        "use_directory_urls": False,
        "theme": {"name": "material", "font": False, "features": ["navigation.indexes", "navigation.sections", "content.code.copy"]},
        "plugins": ["search"],
        "markdown_extensions": ["tables", "fenced_code", "pymdownx.highlight", "pymdownx.superfences"],
        "validation": {"links": {"anchors": "warn", "absolute_links": "warn", "unrecognized_links": "info"}},
        "nav": [
            {"Start": "index.md"},
            {"Tutorials": listed("docs/tutorials/")},
            {"Handbook": [{title(texts[place]): place} for place in handbook]},
            {"Importing at the target": listed("docs/import/")},
            {"The command": ["command/index.md", *commands]},
            {"Python": ["python/index.md", *python]},
            {"Rust": "rust.md"},
            {"JavaScript": "javascript/index.md"},
            {"Project": [{title(texts[place]): place} for place in ("changes.md", "fidelity.md", "architecture.md", "security.md", "contributing.md", "releasing.md")]},
        ],
    }
    write(folder / "pages/rust.md", f"# The crate\n\n[Everything that is public, with examples]({RUST}).\n")
    # The page that the link leads to is put there when all is built.
    write(folder / "pages" / RUST, "<title>mailferry</title>")
    # What GitHub calls a heading; it is no JSON, which YAML otherwise is.
    slugs = "  - toc:\n      permalink: true\n      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\n"
    extensions = "".join(f"  - {name}\n" for name in configuration.pop("markdown_extensions"))
    lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in configuration.items())
    write(folder / "mkdocs.yml", f"{lines}markdown_extensions:\n{extensions}{slugs}")


class Page(html.parser.HTMLParser):
    """The names and the links of a page."""

    def __init__(self, text):
        super().__init__()
        self.names, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.names.add(value)
            elif name in ("href", "src") and value is not None and (tag, ("rel", "canonical")) not in [(tag, one) for one in attributes]:
                self.links.append(value)


IMPLEMENTORS = re.compile(r'<script src="([^"]*/trait\.impl/[^"]*\.js)"')


def complete(rust):
    """Adds what rustdoc refers to and does not write: its start page, and empty lists of implementors."""
    page = '<!DOCTYPE html><meta charset="utf-8"><title>mailferry</title>'
    write(rust / "index.html", f'{page}<meta http-equiv="refresh" content="0; url=mailferry/index.html"><a href="mailferry/index.html">mailferry</a>\n')
    for path in rust.rglob("trait.*.html"):
        for script in IMPLEMENTORS.findall(path.read_text(encoding="utf-8")):
            if not (target := path.parent / script).exists():
                write(target.resolve(), "")


def check(site):
    pages = {path: Page(path.read_text(encoding="utf-8", errors="replace")) for path in sorted(site.rglob("*.html"))}
    wrong, links = [], 0
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            links += 1
            name = path.relative_to(site)
            if parts.path.startswith("/"):
                wrong.append(f"{name}: {link} holds only at the root of a server")
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                wrong.append(f"{name}: {link} not found")
            # rustdoc makes the anchors of lines by a script.
            elif parts.fragment and target in pages and "rust" not in target.relative_to(site).parts and urllib.parse.unquote(parts.fragment) not in pages[target].names:
                wrong.append(f"{name}: {link}: no such heading")
    print(f"{len(pages)} pages, {links} links, {len(wrong)} of which lead nowhere")
    for line in wrong[:50]:
        print(line, file=sys.stderr)
    return 1 if wrong or len(pages) < 50 else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sources", command, folder]:
            sources(command, pathlib.Path(folder))
        case ["check", site]:
            complete(pathlib.Path(site).resolve() / "rust")
            sys.exit(check(pathlib.Path(site).resolve()))
        case _:
            sys.exit(__doc__)
