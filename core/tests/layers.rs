//! The layer rule: a module reaches only into the layers below its own, and no format into another.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path};

/// The modules of the crate, highest layer first; modules of one layer do not know each other.
const LAYERS: [&[&str]; 10] = [
    &["convert"],
    &["platform"],
    &["read", "write"],
    &["mapi", "mend"],
    &["model"],
    &["time_zone"],
    &["mime", "content_line", "cfb"],
    &["pst"],
    &["source"],
    &[
        "address_map",
        "crc32",
        "crew",
        "date_time",
        "defect",
        "disk",
        "divide",
        "error",
        "hex",
        "limits",
        "order",
        "word",
    ],
];

/// The formats, each a module of `read`.
const FORMATS: [&str; 10] = ["eml", "emlx", "ics", "maildir", "mbox", "msg", "olm", "pst", "tnef", "vcf"];

/// What the crate page gives a shorter path, and the module it comes from.
const RE_EXPORTS: [(&str, &str); 10] = [
    ("DateTime", "date_time"),
    ("Defect", "defect"),
    ("DefectKind", "defect"),
    ("Error", "error"),
    ("ErrorKind", "error"),
    ("Location", "error"),
    ("Result", "error"),
    ("Limits", "limits"),
    ("Stop", "limits"),
    ("Word", "word"),
];

#[test]
fn a_module_reaches_only_into_layers_below() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let [own, ..] = &*path else { continue };
        let Some(layer) = layer(own) else { panic!("{own} is in no layer: add it to LAYERS") };
        let is_bottom = layer == LAYERS.len() - 1;
        for used in used_paths(&text, &path) {
            let Some(first) = used.first() else { continue };
            let module = RE_EXPORTS.iter().find(|(name, _)| name == first).map_or(&**first, |(_, module)| module);
            match self::layer(module) {
                Some(other) if other > layer || module == own || (is_bottom && other == layer) => {}
                Some(_) => wrong.push(format!("{} uses {}", path.join("::"), used.join("::"))),
                None => wrong.push(format!("{} uses {}, which is in no layer", path.join("::"), used.join("::"))),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_format_reaches_into_another() {
    let is_format = |name: &str| FORMATS.contains(&name);
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let [top, format, ..] = &*path else { continue };
        if top != "read" || !is_format(format) {
            continue;
        }
        for used in used_paths(&text, &path) {
            if let [top, other, ..] = &*used
                && top == "read"
                && is_format(other)
                && other != format
            {
                wrong.push(format!("{} uses {}", path.join("::"), used.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a format needs of what all share stands in its line of the table.
#[test]
fn what_all_formats_share_knows_no_emlx() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let [top, module, ..] = &*path else { continue };
        if top != "read" || FORMATS.contains(&&**module) || module == "formats" {
            continue;
        }
        let uses = used_paths(&text, &path);
        let knows = uses.iter().any(|used| used.starts_with(&["read".to_owned(), "emlx".to_owned()]));
        if knows || text.contains("matches!(format.name") || text.contains("format.name ==") {
            wrong.push(path.join("::"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The path of every module of the crate, and its text.
fn sources() -> Vec<(Vec<String>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let mut text = String::new();
                std::io::Read::read_to_string(&mut fs::File::open(&path).unwrap(), &mut text).unwrap();
                sources.push((module_path(path.strip_prefix(&root).unwrap()), text));
            }
        }
    }
    assert!(sources.len() > 10);
    sources
}

fn module_path(file: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        file.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod" || name == "lib") {
        names.pop();
    }
    names
}

/// The paths from the root of the crate that `text`, the module `own`, names by `crate::` or by `super::`.
fn used_paths(text: &str, own: &[String]) -> Vec<Vec<String>> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut paths = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        expand(&code[at + found.len()..], &[], &mut paths);
    }
    for (at, _) in code.match_indices("super::") {
        let (before, mut rest) = code.split_at(at);
        if before.ends_with("super::") {
            continue;
        }
        // Inside the inline module of the tests one `super` stays in the file.
        let mut parents = own.len() + usize::from(before.contains("\nmod tests {"));
        while let Some(inner) = rest.strip_prefix("super::") {
            rest = inner;
            parents -= 1;
        }
        if let Some(parent) = own.get(..parents) {
            expand(rest, parent, &mut paths);
        }
    }
    paths
}

/// Adds the paths of `rest`, which stands behind the path `before`: a name, or a group of paths in braces.
fn expand(rest: &str, before: &[String], paths: &mut Vec<Vec<String>>) {
    let rest = rest.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        return members(group).into_iter().for_each(|member| expand(member, before, paths));
    }
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.is_empty() || name == "self" {
        return paths.push(before.to_vec());
    }
    let path = [before, std::slice::from_ref(&name)].concat();
    match rest[name.len()..].strip_prefix("::") {
        Some(deeper) => expand(deeper, &path, paths),
        None => paths.push(path),
    }
}

/// The members of a group whose opening brace is cut off.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.extend(Some(group[start..at].trim()).filter(|member| !member.is_empty()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

#[test]
fn finds_the_paths_that_a_module_names() {
    let own = ["read".to_owned(), "mbox".to_owned(), "scan".to_owned()];
    let text =
        "use super::super::pst::Node;\nuse crate::{\n    error::{Error, Result},\n    Limits,\n};\n// crate::convert\n";
    let paths: Vec<String> = used_paths(text, &own).iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["error::Error", "error::Result", "Limits", "read::pst::Node"]);
}
