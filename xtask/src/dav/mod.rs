//! `cargo xtask dav FOLDER`: what servers that others wrote take of all calendars and address books in a folder, as they are and as they
//! are mended.

use crate::{
    Result, root,
    step::{cargo, output, run},
};
use serde_json::Value;
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server that pip installs.
struct Server {
    name: &'static str,
    /// Where collections are made, by kind.
    homes: [(&'static str, &'static str); 2],
    start: fn(&Path, &Path, u16) -> Command,
}

const SERVERS: [Server; 2] = [
    Server { name: "radicale", homes: [("ics", "/u/"), ("vcf", "/u/")], start: radicale },
    Server { name: "xandikos", homes: [("ics", "/u/calendars/"), ("vcf", "/u/contacts/")], start: xandikos },
];

/// Of what is refused, what the log does not warn of may be so many in a thousand.
const MOST_REFUSED: u64 = 30;

/// Ends a server with whoever started it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn radicale(bin: &Path, room: &Path, port: u16) -> Command {
    let mut command = Command::new(bin.join("python"));
    command.args(["-m", "radicale", "--config", "", "--auth-type=none"]);
    command
        .arg(format!("--storage-filesystem-folder={}", room.display()))
        .arg(format!("--server-hosts=127.0.0.1:{port}"));
    command
}

fn xandikos(bin: &Path, room: &Path, port: u16) -> Command {
    let mut command = Command::new(bin.join("xandikos"));
    command.args(["serve", "--defaults", "--current-user-principal", "/u/", "-l", "127.0.0.1", "-d"]).arg(room);
    command.args(["-p", &port.to_string()]);
    command
}

/// Tries everything in `folder` and prints a row for each server, kind and way.
///
/// # Errors
/// Where a server refuses what was mended, and more of it than 3 % or something that the log does not warn of.
pub(crate) fn run_all(folder: &str) -> Result<()> {
    run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
    let command = root().join("target/release").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX));
    let environment = root().join("target/dav-venv");
    let bin = environment.join("bin");
    if !bin.join("xandikos").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        run(Command::new(bin.join("python")).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "radicale==3.*",
            "xandikos==0.4.*",
        ]))?;
    }
    let room = root().join("target/dav");
    let _gone = fs::remove_dir_all(&room);
    println!("| server | kind | way | items | refused | of these flagged |\n|---|---|---|---:|---:|---:|");
    let mut wrong = Vec::new();
    for server in &SERVERS {
        let place = room.join(server.name);
        fs::create_dir_all(&place)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut start = (server.start)(&bin, &place, port);
        let _running = Running(start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        wait_for(port).map_err(|error| format!("{}: {error}", server.name))?;
        for (kind, home) in server.homes {
            let mut files = Vec::new();
            collect(Path::new(folder), kind, &mut files)?;
            let mut put = Command::new(bin.join("python"));
            put.arg(root().join("xtask/src/dav/put.py")).arg(&command);
            put.args([server.name, &format!("http://127.0.0.1:{port}/"), home, kind, "nextcloud"]).args(&files);
            for line in output(&mut put)?.lines() {
                report(server.name, kind, &serde_json::from_str(line)?, &mut wrong);
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

/// Prints a row; what must not be goes to `wrong`.
fn report(server: &str, kind: &str, row: &Value, wrong: &mut Vec<String>) {
    let number = |name: &str| row[name].as_u64().unwrap_or(0);
    let way = row["way"].as_str().unwrap_or_default();
    let (items, refused, flagged) = (number("items"), number("refused"), number("flagged"));
    println!("| {server} | {kind} | {way} | {items} | {refused} | {flagged} |");
    for reason in row["notFlagged"].as_array().into_iter().flatten() {
        println!("  {} × {} ({})", reason["items"], reason["why"], reason["first"]);
    }
    if way == "mended" && (refused > flagged || refused * 1_000 > items * MOST_REFUSED) {
        wrong.push(format!("{server} refuses {refused} of {items} {kind} items, of which {flagged} are flagged"));
    }
}

fn collect(folder: &Path, kind: &str, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, kind, files)?;
        } else if path.extension().is_some_and(|extension| extension == kind || (kind == "ics" && extension == "vcs")) {
            files.push(path);
        }
    }
    Ok(())
}

fn wait_for(port: u16) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err("the server does not answer".into())
}
