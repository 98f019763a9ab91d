//! Takes the documentation, and the signatures of the functions, from the stub, so that `help()` tells what editors tell.

use std::{env, error::Error, fs, path::Path, path::PathBuf};

/// Where the stub is: in the repository, and in a source distribution, where maturin puts the Python files at the root.
const STUBS: [&str; 2] = ["python/mailferry/_native.pyi", "../python/mailferry/_native.pyi"];

#[allow(clippy::disallowed_methods, reason = "our own files, while building")]
fn main() -> Result<(), Box<dyn Error>> {
    let path = STUBS.into_iter().find(|stub| Path::new(stub).is_file());
    let path = path.ok_or_else(|| format!("not found: {}", STUBS.join(", ")))?;
    STUBS.iter().for_each(|stub| println!("cargo::rerun-if-changed={stub}"));
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    let stub = fs::read_to_string(path)?.replace("\r\n", "\n");
    for definition in stub.split("\ndef ").skip(1).filter(|text| !text.starts_with('_')) {
        let parsed = definition.split_once('(').and_then(|(name, rest)| {
            let (parameters, rest) = rest.split_once(") -> ")?;
            let text = rest.split("\"\"\"").nth(1)?;
            Some((name, signature(parameters), documentation(text, 4)))
        });
        let (name, signature, documentation) = parsed.ok_or_else(|| format!("{path}: no function: {definition}"))?;
        // As CPython parts the two.
        fs::write(folder.join(format!("{name}.txt")), format!("{name}({signature})\n--\n\n{documentation}"))?;
    }
    for class in stub.split("\nclass ").skip(1) {
        let end = class.lines().skip(1).take_while(|line| line.is_empty() || line.starts_with(' '));
        let body = end.collect::<Vec<_>>().join("\n");
        let name = class.split(['(', ':']).next().unwrap_or_default();
        if let Some(text) = docstring(&body, 4) {
            fs::write(folder.join(format!("{name}.txt")), text)?;
        }
        let members = format!("\n{body}");
        for member in members.split("\n    def ").skip(1) {
            let (member, rest) =
                member.split_once('(').ok_or_else(|| format!("{path}: {name}: no method: {member}"))?;
            // What follows the signature, whose last line ends with a colon, a comment aside.
            let ends = |line: &str| line.split("  #").next().is_some_and(|line| line.trim_end().ends_with(':'));
            let body = rest.lines().skip_while(|line| !ends(line)).skip(1).collect::<Vec<_>>().join("\n");
            let text = docstring(&body, 8);
            if let Some(text) = text.filter(|_| !member.starts_with("__")) {
                fs::write(folder.join(format!("{name}.{member}.txt")), text)?;
            }
        }
    }
    Ok(())
}

/// The docstring that a body begins with.
fn docstring(body: &str, indent: usize) -> Option<String> {
    Some(documentation(body.trim_start().strip_prefix("\"\"\"")?.split("\"\"\"").next()?, indent))
}

/// The parameters without their types.
fn signature(parameters: &str) -> String {
    let mut depth = 0;
    let outside = |character: char| {
        depth += i32::from(character == '[') - i32::from(character == ']');
        character == ',' && depth == 0
    };
    let bare = |parameter: &str| {
        let name = parameter.split_once(':').map_or(parameter, |(name, _)| name);
        let default = parameter.rsplit_once(" = ").map(|(_, default)| format!("={default}"));
        name.to_owned() + &default.unwrap_or_default()
    };
    let parameters = parameters.split(outside).map(str::trim).filter(|parameter| !parameter.is_empty());
    parameters.map(bare).collect::<Vec<_>>().join(", ")
}

/// A docstring as Python has it.
fn documentation(text: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let lines = text.trim_end().lines().map(|line| line.strip_prefix(&indent).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").replace("\\\\", "\\")
}
