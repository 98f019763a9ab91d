//! Takes the signatures and the documentation of the functions from the stub, so that `help()` tells what editors tell.

use std::{env, error::Error, fs, path::PathBuf};

const STUB: &str = "python/mailferry/_native.pyi";

#[allow(clippy::disallowed_methods, reason = "our own files, while building")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={STUB}");
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    let stub = fs::read_to_string(STUB)?;
    for definition in stub.split("\ndef ").skip(1).filter(|text| !text.starts_with('_')) {
        let parsed = definition.split_once('(').and_then(|(name, rest)| {
            let (parameters, rest) = rest.split_once(") -> ")?;
            let text = rest.split("\"\"\"").nth(1)?;
            Some((name, signature(parameters), documentation(text)))
        });
        let (name, signature, documentation) = parsed.ok_or_else(|| format!("{STUB}: no function: {definition}"))?;
        // As CPython parts the two.
        fs::write(folder.join(format!("{name}.txt")), format!("{name}({signature})\n--\n\n{documentation}"))?;
    }
    Ok(())
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
fn documentation(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").replace("\\\\", "\\")
}
