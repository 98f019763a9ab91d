//! The page that converts in the browser: static files, and a server to try them.

use crate::{Result, root};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
};

/// Puts the page and the package it uses into `target/web/`, from where any web server can serve them.
pub(crate) fn assemble() -> Result<PathBuf> {
    let (bindings, site) = (root().join("bindings-wasm"), root().join("target/web"));
    if site.exists() {
        fs::remove_dir_all(&site)?;
    }
    copy(&bindings.join("web"), &site)?;
    copy(&bindings.join("npm"), &site.join("mailferry"))?;
    let page = site.join("index.html");
    fs::write(&page, in_english(&fs::read_to_string(&page)?, &fs::read_to_string(site.join("lang/en.js"))?)?)?;
    for_offline(&site)?;
    println!("the page is in {}", fs::canonicalize(&site)?.display());
    Ok(site)
}

/// Puts the English text into the page, so that it is seen before any script has run.
fn in_english(page: &str, language: &str) -> Result<String> {
    let says: BTreeMap<&str, &str> = language
        .lines()
        .filter_map(|line| line.trim().strip_suffix("',")?.split_once(": '"))
        .filter(|(_, text)| !text.contains('\\'))
        .collect();
    let mut made = page.to_owned();
    for (attribute, before, after) in
        [("data-text", ">", ""), ("data-label", " aria-label=\"", "\""), ("data-placeholder", " placeholder=\"", "\"")]
    {
        let marked = format!(" {attribute}=\"");
        let mut parts = made.split(&marked);
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (key, rest) = part.split_once('"').ok_or("an attribute without an end")?;
            let text = says.get(key).ok_or_else(|| format!("lang/en.js has no {key}, which index.html says"))?;
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            // Text stands behind the tag, where nothing may stand yet; an attribute beside the one that names it.
            let (tag, rest) = if attribute == "data-text" {
                rest.split_once("><").ok_or("a tag without an end")?
            } else {
                ("", rest)
            };
            let open = if attribute == "data-text" { "<" } else { "" };
            filled.push_str(&format!("{marked}{key}\"{tag}{before}{text}{after}{open}{rest}"));
        }
        made = filled;
    }
    Ok(made)
}

/// Writes into the service worker which files the page is, and a version that changes with each of them.
fn for_offline(site: &Path) -> Result<()> {
    let mut names = Vec::new();
    list(site, "", &mut names)?;
    names.retain(|name| {
        name != "sw.js" && !name.ends_with(".d.ts") && !name.ends_with("node.js") && !name.ends_with("package.json")
    });
    names.sort();
    let mut version: u64 = 0xcbf2_9ce4_8422_2325;
    for name in &names {
        for octet in name.bytes().chain(fs::read(site.join(name))?) {
            version = (version ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // A page is asked for by its folder.
    let files: Vec<String> =
        names.iter().map(|name| format!("'./{}'", if name == "index.html" { "" } else { name })).collect();
    let worker = fs::read_to_string(site.join("sw.js"))?
        .replace(
            "const VERSION = 'development';",
            &format!("const VERSION = '{}-{version:016x}';", env!("CARGO_PKG_VERSION")),
        )
        .replace("const FILES = [];", &format!("const FILES = [{}];", files.join(", ")));
    Ok(fs::write(site.join("sw.js"), worker)?)
}

fn list(site: &Path, within: &str, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(site.join(within))? {
        let entry = entry?;
        let name = format!("{within}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(site, &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else if media_type(&path).is_some() {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// Serves `site` on this computer until it is stopped.
pub(crate) fn serve(site: &Path, port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://localhost:{}/ – stop with Ctrl-C", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let (stream, site) = (stream?, site.to_owned());
        thread::spawn(move || {
            // Whoever asked has gone away.
            let _gone = answer(&stream, &site);
        });
    }
    Ok(())
}

fn answer(mut stream: &TcpStream, site: &Path) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.take(64 << 10));
    let mut line = String::new();
    request.read_line(&mut line)?;
    let mut header = String::new();
    while request.read_line(&mut header)? > 2 {
        header.clear();
    }
    let path = line.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/");
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    let file = site.join(name);
    let found = media_type(&file).filter(|_| !name.contains("..")).and_then(|kind| Some((kind, fs::read(&file).ok()?)));
    let Some((kind, octets)) = found else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let length = octets.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\n\
         Connection: close\r\n\r\n"
    )?;
    stream.write_all(&octets)
}

/// The media type of a file of the page; nothing else is served.
fn media_type(path: &Path) -> Option<&'static str> {
    Some(match path.extension()?.to_str()? {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::in_english;

    const SAYS: &str = "export default {\n  a: 'Rock & roll',\n  b: 'It says “hi”',\n  c: 'A \"b\"',\n};\n";

    #[test]
    fn a_page_has_its_text_before_any_script_has_run() {
        for (page, wanted) in [
            ("<p data-text=\"a\"></p>", "<p data-text=\"a\">Rock &amp; roll</p>"),
            ("<p data-text=\"b\" hidden><i>x</i></p>", "<p data-text=\"b\" hidden>It says “hi”<i>x</i></p>"),
            ("<i data-label=\"c\" id=\"x\"></i>", "<i data-label=\"c\" aria-label=\"A &quot;b&quot;\" id=\"x\"></i>"),
            ("<input data-placeholder=\"b\" />", "<input data-placeholder=\"b\" placeholder=\"It says “hi”\" />"),
            ("<b>nothing</b>", "<b>nothing</b>"),
        ] {
            assert_eq!(in_english(page, SAYS).unwrap_or_default(), wanted);
        }
        assert!(in_english("<p data-text=\"d\"></p>", SAYS).is_err());
    }
}
