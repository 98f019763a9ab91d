//! Every dependency has a licence that deny.toml allows.

use crate::{
    Result, root,
    step::{cargo, output, run},
};
use serde_json::Value;
use std::{
    fs,
    process::{Command, Stdio},
};

/// Checks the licences of all dependencies, of all targets, without a tool that must be installed first.
pub(crate) fn check() -> Result<()> {
    let allowed = allowed(&fs::read_to_string(root().join("deny.toml"))?)?;
    let metadata: Value =
        serde_json::from_str(&output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?)?;
    let packages = metadata.get("packages").and_then(Value::as_array).ok_or("cargo metadata names no packages")?;
    let mut refused = Vec::new();
    for package in packages {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        if !satisfied(text("license"), &allowed) {
            refused.push(format!("{} {}: {:?}", text("name"), text("version"), text("license")));
        }
    }
    if !refused.is_empty() {
        return Err(format!("deny.toml does not allow the licence of\n  {}", refused.join("\n  ")).into());
    }
    println!("{} packages", packages.len());
    Ok(())
}

/// Runs the whole of cargo-deny, installing it if it is absent.
pub(crate) fn cargo_deny() -> Result<()> {
    if output(cargo().args(["deny", "--version"])).is_err() {
        run(cargo().args(["install", "cargo-deny", "--locked"]))?;
    }
    run(cargo().args(["deny", "check"]))
}

/// The same, unless the advisories of RustSec cannot be reached from here: then that is said, and nothing is checked.
pub(crate) fn advisories() -> Result<()> {
    const DATABASE: &str = "https://github.com/RustSec/advisory-db";
    let mut reach = Command::new("git");
    reach.args(["ls-remote", "--exit-code", DATABASE, "HEAD"]).env("GIT_TERMINAL_PROMPT", "0");
    if reach.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return cargo_deny();
    }
    println!("skipped: {DATABASE} cannot be reached, so dependencies are not held against its advisories");
    Ok(())
}

/// The strings of the array `allow` in `[licenses]`.
fn allowed(deny: &str) -> Result<Vec<String>> {
    let (_, section) = deny.split_once("[licenses]").ok_or("deny.toml has no [licenses]")?;
    let (_, array) = section.split_once("allow = [").ok_or("[licenses] of deny.toml allows nothing")?;
    let (array, _) = array.split_once(']').ok_or("the array `allow` of deny.toml is not closed")?;
    Ok(array.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

/// Whether the licences allowed satisfy an SPDX expression, or one in Cargo's old form with `/` for `OR`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "_WITH_");
    let mut tokens = spaced.split_whitespace().peekable();
    either(&mut tokens, allowed) && tokens.next().is_none()
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(tokens: &mut Tokens<'_>, allowed: &[String]) -> bool {
    let mut is_satisfied = both(tokens, allowed);
    while tokens.next_if_eq(&"OR").is_some() {
        is_satisfied |= both(tokens, allowed);
    }
    is_satisfied
}

fn both(tokens: &mut Tokens<'_>, allowed: &[String]) -> bool {
    let mut is_satisfied = one(tokens, allowed);
    while tokens.next_if_eq(&"AND").is_some() {
        is_satisfied &= one(tokens, allowed);
    }
    is_satisfied
}

fn one(tokens: &mut Tokens<'_>, allowed: &[String]) -> bool {
    match tokens.next() {
        Some("(") => either(tokens, allowed) && tokens.next() == Some(")"),
        Some(licence) => allowed.iter().any(|name| name.replace(" WITH ", "_WITH_") == licence),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    #[test]
    fn reads_spdx_expressions() {
        let allowed = ["MIT".to_owned(), "Apache-2.0".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
        for yes in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Unlicense",
            "(MIT OR GPL-3.0) AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "MIT OR Apache-2.0 AND GPL-3.0",
        ] {
            assert!(satisfied(yes, &allowed), "{yes}");
        }
        for no in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT MIT", "(MIT OR GPL-3.0) AND ISC", "(MIT"] {
            assert!(!satisfied(no, &allowed), "{no}");
        }
    }
}
