//! The page that converts in the browser: static files, and a server to try them.

use crate::{Result, root};
use std::{
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
    for_offline(&site)?;
    println!("the page is in {}", fs::canonicalize(&site)?.display());
    Ok(site)
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
