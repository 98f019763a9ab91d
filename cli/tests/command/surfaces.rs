//! One table of options and of where they can be given. Each hole has its reason, and each list of values is that of the core.

use crate::run::run;
use mailferry::convert::{OPTIONS, OptionInfo};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Where an option can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    Command,
    Python,
    JavaScript,
    /// The page for people, in a browser.
    Page,
    /// A column of the table of `mailferry run`.
    Project,
}

use Surface::{Command, JavaScript, Page, Project, Python};

impl Surface {
    fn title(self) -> &'static str {
        match self {
            Self::Command => "the command",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::Page => "the page",
            Self::Project => "the table of `run`",
        }
    }
}

const SURFACES: [Surface; 5] = [Command, Python, JavaScript, Page, Project];

const NAME_OF_FILE: &str = "the name of the destination says it";
const WRITES_REPORT: &str = "there is no path to write to: reportPage gives the page, the report the numbers";
const NO_THREADS: &str = "WebAssembly has one thread";
const TIME_OF_RUN: &str = "it is the time of the run, or SOURCE_DATE_EPOCH";
const OF_PAGE: &str = "a target sets it, or the default suits most people: the page asks for little";

/// Where an option is missing, and why.
const EXCEPTIONS: &[(&str, &[Surface], &str)] = &[
    ("packaging", &[Command, Python, Project], NAME_OF_FILE),
    ("csv", &[JavaScript, Page], WRITES_REPORT),
    ("html", &[JavaScript, Page], WRITES_REPORT),
    ("jobs", &[JavaScript, Page], NO_THREADS),
    ("check", &[JavaScript, Page], "archives are written once there, and nothing is added to them"),
    ("fsync", &[JavaScript, Page], "what takes the octets there, a stream or a download, is not a file"),
    ("mode", &[JavaScript, Page], "what takes the octets there, a stream or a download, is not a file"),
    ("created", &[Command, Project, Page], TIME_OF_RUN),
    ("mbox-quoting", &[Page], OF_PAGE),
    ("hidden", &[Page], OF_PAGE),
    ("recover", &[Page], OF_PAGE),
    ("keep-rtf", &[Page], OF_PAGE),
    ("code-page", &[Page], OF_PAGE),
    ("tnef", &[Page], OF_PAGE),
    ("address-map", &[Page], OF_PAGE),
    ("folder", &[Page], "folders are ticked off: skip-folder"),
    ("label", &[Page], OF_PAGE),
    ("larger", &[Page], OF_PAGE),
    ("smaller", &[Page], OF_PAGE),
    ("has-attachment", &[Page], OF_PAGE),
    ("seed", &[Page], OF_PAGE),
    ("add-label", &[Page], OF_PAGE),
    ("root-folder", &[Page], OF_PAGE),
    ("map-folder", &[Page], OF_PAGE),
    ("keep-folder-names", &[Page], OF_PAGE),
    ("subject-suffix", &[Page], OF_PAGE),
    ("labels", &[Page], OF_PAGE),
    ("eol", &[Page], OF_PAGE),
    ("names", &[Page], OF_PAGE),
    ("shard", &[Page], OF_PAGE),
    ("pst-scrambling", &[Page], OF_PAGE),
    ("collect", &[Page], OF_PAGE),
    ("vcard", &[Page], OF_PAGE),
    ("card-uids", &[Page], OF_PAGE),
    ("card-groups", &[Page], OF_PAGE),
    ("yearless-dates", &[Page], OF_PAGE),
    ("no-invitations", &[Page], OF_PAGE),
    ("iana-zones", &[Page], OF_PAGE),
    ("checksums", &[Page], OF_PAGE),
    ("attachments", &[Page], OF_PAGE),
];

/// What only the command has, and why it is no option of a conversion.
const OF_COMMAND: &[(&str, &str)] = &[
    ("to", "an argument of its own elsewhere"),
    ("processes", "how this command shares the work; elsewhere, splits are handed to whoever does it"),
    ("progress", "how a terminal shows it; elsewhere it is a function"),
    ("per-item", "short for --collect item"),
    ("help", "of the command line"),
];

/// What only the functions of Python have, and why it is no option of a conversion.
const OF_PYTHON: &[&str] = &["name", "on_error", "progress", "cancel", "transform", "index"];

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn named() -> impl Iterator<Item = (&'static str, &'static OptionInfo)> {
    OPTIONS.iter().filter_map(|option| Some((option.name?, option)))
}

fn is_missing(name: &str, surface: Surface) -> bool {
    EXCEPTIONS.iter().any(|(option, surfaces, _)| *option == name && surfaces.contains(&surface))
}

/// The names that a surface should have.
fn expected(surface: Surface) -> BTreeSet<&'static str> {
    named().map(|(name, _)| name).filter(|name| !is_missing(name, surface)).collect()
}

fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

fn snake(name: &str) -> String {
    let name = name.replace('-', "_");
    if ["as", "from"].contains(&&*name) { name + "_" } else { name }
}

#[test]
fn every_exception_is_of_an_option_that_there_is() {
    for (name, surfaces, reason) in EXCEPTIONS {
        assert!(named().any(|(option, _)| option == *name), "{name}");
        assert!(
            !surfaces.is_empty() && !reason.is_empty() && surfaces.iter().all(|surface| SURFACES.contains(surface))
        );
    }
}

#[test]
fn the_command_has_the_options_and_their_values() {
    let help = run(["convert", "--help"]).stdout;
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with("--") || line.starts_with("-h, --"));
    let found: BTreeSet<&str> = lines
        .filter_map(|line| line.trim_start_matches("-h, ").strip_prefix("--")?.split([' ', '=']).next())
        .filter(|name| !OF_COMMAND.iter().any(|(own, _)| own == name))
        .collect();
    assert_eq!(found, expected(Command));
    // A column is an option of the command.
    assert_eq!(expected(Project), expected(Command));
    for (name, option) in named().filter(|(name, _)| !is_missing(name, Command)) {
        if let [one, _, ..] = option.words {
            let refused = run(["convert", "x", "--to", "y", &format!("--{name}"), "none of these"]);
            let list = format!("[possible values: {}]", option.words.join(", "));
            assert!(refused.stderr.contains(&list), "{name}, {one}: {}", refused.stderr);
        }
    }
}

/// The keyword arguments of a function of the stub, each with its type.
fn keywords(stub: &str, function: &str) -> Vec<(String, String)> {
    let text = stub.split(&format!("\ndef {function}(\n")).nth(1).unwrap();
    let text = text.split("\n) ->").next().unwrap().split("    *,\n").nth(1).unwrap();
    let parted = text.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(": "));
    parted.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

#[test]
fn the_stub_of_python_has_the_options_and_their_values() {
    let stub = file("bindings-python/python/mailferry/_native.pyi");
    let types = file("bindings-python/python/mailferry/types.py");
    let kinds = types.lines().find_map(|line| line.strip_prefix("Kind: TypeAlias = ")).unwrap();
    for (function, only_reading) in
        [("open", true), ("inspect", true), ("plan", true), ("convert", false), ("write", false), ("verify", false)]
    {
        let keywords = keywords(&stub, function);
        let own = |name: &&String| !OF_PYTHON.contains(&name.as_str()) && *name != "largest";
        let found: BTreeSet<_> = keywords.iter().map(|(name, _)| name).filter(own).cloned().collect();
        let all =
            named().filter(|(name, option)| !is_missing(name, Python) && (!only_reading || option.is_of_reading()));
        // How files are made, and what a further run looks at, does not matter where nothing is written.
        let of_files = |name: &str| ["check", "fsync", "mode"].contains(&name);
        let all = all.filter(|(name, _)| !of_files(name) || ["convert", "write"].contains(&function));
        assert_eq!(found, all.map(|(name, _)| snake(name)).collect(), "{function}");
        for (name, option) in named().filter(|(_, option)| !option.words.is_empty()) {
            let Some((_, kind)) = keywords.iter().find(|(keyword, _)| *keyword == snake(name)) else { continue };
            let words = option.words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            let kind = kind.replace("Kind", kinds);
            assert!(kind.contains(&format!("Literal[{words}]")), "{function}, {name}: {kind}");
        }
    }
}

/// The fields of an interface, each with its type.
fn fields(declarations: &str, interface: &str) -> Vec<(String, String)> {
    let text = declarations.split(&format!("export interface {interface} ")).nth(1).unwrap();
    let text = text.split("\n}").next().unwrap();
    let parted = text.lines().filter_map(|line| line.trim().trim_end_matches(';').split_once("?: "));
    parted.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

#[test]
fn the_declarations_of_javascript_have_the_options_and_their_values() {
    let declarations = file("bindings-wasm/npm/mailferry.d.ts");
    let kinds = declarations.lines().find_map(|line| line.strip_prefix("export type Kind = ")).unwrap();
    let groups = [("selection/", "Selection"), ("tagging/", "Tagging")];
    let top: Vec<_> = ["ReadOptions", "ConvertOptions"].iter().flat_map(|name| fields(&declarations, name)).collect();
    let mut found = BTreeSet::new();
    for (name, option) in named() {
        let group = option.places.first().and_then(|place| {
            groups.iter().find_map(|(group, interface)| Some((place.strip_prefix(group)?, *interface)))
        });
        // Groups are data of the core, whose fields have names of their own.
        let (field, all) = match group {
            Some((field, interface)) => (field.to_owned(), fields(&declarations, interface)),
            None => (camel(name), top.clone()),
        };
        let Some((_, kind)) = all.iter().find(|(other, _)| *other == field) else { continue };
        found.insert(name);
        if !option.words.is_empty() {
            let words = option.words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" | ");
            let kind = kind.replace("Kind[]", kinds);
            assert!(kind.trim_end_matches(';') == words, "{name}: {kind}");
        }
    }
    assert_eq!(found, expected(JavaScript));
    let known = |name: &str| OptionInfo::named(name).is_some() || ["select", "tagging"].contains(&name);
    let unknown: Vec<_> = top.iter().filter(|(name, _)| !known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_page_asks_for_what_the_table_says() {
    let page = file("bindings-wasm/web/choose.js");
    let asks = |option: &OptionInfo, name: &str| {
        let field = option.places.first().and_then(|place| place.strip_prefix("selection/"));
        match field {
            Some(field) => page.contains(&format!("select.{field} =")),
            None => {
                page.contains(&format!("asked.{} =", camel(name)))
                    || page.contains(&format!("asked = {{ {}:", camel(name)))
            }
        }
    };
    let found: BTreeSet<_> = named().filter(|(name, option)| asks(option, name)).map(|(name, _)| name).collect();
    assert_eq!(found, expected(Page));
    // Its lists of values come from the package: none is written down in it but that of its own languages.
    let markup = file("bindings-wasm/web/index.html");
    let lists: Vec<_> = markup.split("<select").skip(1).filter(|list| list.contains("<option")).collect();
    assert!(lists.len() <= 1 && lists.iter().all(|list| list.trim_start().starts_with("id=\"language\"")), "{lists:?}");
}

/// What `--help` says of each option: its first line.
fn help() -> BTreeMap<String, String> {
    let help = run(["convert", "--help"]).stdout;
    let mut lines = help.lines().map(str::trim).peekable();
    let mut found = BTreeMap::new();
    while let Some(line) = lines.next() {
        let Some(name) = line.trim_start_matches("-h, ").strip_prefix("--") else { continue };
        let name = name.split([' ', '=']).next().unwrap().to_owned();
        let mut about = String::new();
        while let Some(line) = lines.next_if(|line| !line.is_empty() && !line.starts_with('-')) {
            about = format!("{about} {line}");
        }
        let about = about.split(" [possible values").next().unwrap().split(" Possible values").next().unwrap();
        found.insert(name, about.trim().to_owned());
    }
    found
}

/// `docs/options.md`.
fn page_of_options() -> String {
    let help = help();
    let mut page = String::from(
        "# Options\n\nWritten by a test of the command from its table of options; do not edit.\n\n\
         An option has one name: `--zip-level` of the command and the column `zip-level` of the table of `mailferry run` are \
         `zip_level` in Python and\n`zipLevel` in JavaScript (there, options of selection and tagging are fields of `select` and \
         `tagging`). *Decides* says what\ndepends on it: `octets`, what an item is known by at a destination (a further run there must \
         have the same); `places`, which items are\ntaken and where they are put down (a run that was cut off must be resumed with \
         the same); `neither`.\n\n| option | what it does | values | decides | not in |\n|---|---|---|---|---|\n",
    );
    for (name, option) in named() {
        let aliases: String = option.aliases.iter().map(|alias| format!("<br>also `{alias}`")).collect();
        let words: Vec<_> = option.words.iter().map(|word| format!("`{word}`")).collect();
        let missing = |(of, surfaces, why): &&(&str, &'static [Surface], &str)| {
            (*of == name).then(|| {
                let surfaces: Vec<_> = surfaces.iter().map(|surface| surface.title()).collect();
                format!("{}: {why}", surfaces.join(", "))
            })
        };
        let missing: Vec<_> = EXCEPTIONS.iter().filter_map(|exception| missing(&exception)).collect();
        let about = help.get(name).map_or("how archives are packed", |about| about.as_str());
        let cells = [about, &words.join(", "), option.decides.as_str(), &missing.join("; ")]
            .map(|cell| cell.replace('|', "\\|"));
        page += &format!("| `{name}`{aliases} | {} |\n", cells.join(" | "));
    }
    page
}

#[test]
fn the_page_of_options_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/options.md");
    let page = page_of_options();
    if std::env::var_os("MAILFERRY_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        there == page,
        "docs/options.md is not what the options are: write it anew with MAILFERRY_WRITE_DOCS=1 and this test"
    );
}
