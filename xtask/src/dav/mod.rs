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

/// A server that is started for this.
#[derive(Clone, Copy)]
struct Server {
    name: &'static str,
    /// Where collections are made, by kind.
    homes: [(&'static str, &'static str); 2],
    start: fn(&Places, &Path, u16) -> Command,
}

const PIP: [Server; 2] = [
    Server { name: "radicale", homes: [("ics", "/u/"), ("vcf", "/u/")], start: radicale },
    Server { name: "xandikos", homes: [("ics", "/u/calendars/"), ("vcf", "/u/contacts/")], start: xandikos },
];
const CYRUS: Server = Server {
    name: "cyrus",
    homes: [("ics", "/dav/calendars/user/u/"), ("vcf", "/dav/addressbooks/user/u/")],
    start: cyrus,
};
const SABRE: Server =
    Server { name: "sabre/dav", homes: [("ics", "/calendars/u/"), ("vcf", "/addressbooks/u/")], start: sabre };

/// Where servers are.
struct Places {
    /// What pip installed.
    bin: PathBuf,
    /// A checkout of sabre/dav with what it depends on.
    sabre: PathBuf,
}

/// Of what is refused, what the log does not warn of may be so many in a thousand.
const MOST_REFUSED: u64 = 30;

/// Ends a server with whoever started it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // A server that has processes of its own ends them when it is asked to end.
        let _asked = Command::new("kill").arg(self.0.id().to_string()).status();
        thread::sleep(Duration::from_secs(1));
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn radicale(places: &Places, room: &Path, port: u16) -> Command {
    let mut command = Command::new(places.bin.join("python"));
    command.args(["-m", "radicale", "--config", "", "--auth-type=none"]);
    command
        .arg(format!("--storage-filesystem-folder={}", room.display()))
        .arg(format!("--server-hosts=127.0.0.1:{port}"));
    command
}

fn xandikos(places: &Places, room: &Path, port: u16) -> Command {
    let mut command = Command::new(places.bin.join("xandikos"));
    command.args(["serve", "--defaults", "--current-user-principal", "/u/", "-l", "127.0.0.1", "-d"]).arg(room);
    command.args(["-p", &port.to_string()]);
    command
}

fn cyrus(_: &Places, room: &Path, port: u16) -> Command {
    let mut command = Command::new("python3");
    command.arg(root().join("xtask/src/servers/cyrus.py")).arg(room).arg(port.to_string());
    command
}

fn sabre(places: &Places, room: &Path, port: u16) -> Command {
    let mut command = Command::new("php");
    command.env("SABRE", &places.sabre).env("ROOM", room);
    command.arg("-S").arg(format!("127.0.0.1:{port}")).arg(root().join("xtask/src/servers/sabre.php"));
    command
}

/// Tries everything in `folder` at the servers that pip installs, and prints a row for each server, kind and way.
///
/// # Errors
/// Where a server refuses what was mended, and more of it than 3 % or something that the log does not warn of.
pub(crate) fn run_small(folder: &Path) -> Result<()> {
    try_all(folder, &[], &PIP)
}

/// The same with Cyrus, from Debian, and sabre/dav, whose checkout `--sabre DIR` names; what cannot be had is named. `--binary FILE`
/// takes a command that is there instead of building one.
///
/// # Errors
/// As [`run_small`], and where a server wants to send an invitation.
pub(crate) fn run_all(folder: &str, options: &[&str]) -> Result<()> {
    let mut servers = Vec::from(PIP);
    if fs::exists("/usr/bin/apt-get")? {
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends", "cyrus-caldav", "cyrus-admin", "sasl2-bin"]);
        match run(&mut install) {
            Ok(()) => servers.push(CYRUS),
            Err(error) => println!("skipped: cyrus: {error}"),
        }
    } else {
        println!("skipped: cyrus is had from Debian");
    }
    match options.contains(&"--sabre") {
        true => servers.push(SABRE),
        false => println!("skipped: sabre/dav: --sabre DIR names a checkout of it"),
    }
    try_all(Path::new(folder), options, &servers)
}

fn try_all(folder: &Path, options: &[&str], servers: &[Server]) -> Result<()> {
    let option = |name: &str| options.iter().skip_while(|option| **option != name).nth(1).map(PathBuf::from);
    let command = match option("--binary") {
        Some(file) => file,
        None => {
            run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
            root().join("target/release").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX))
        }
    };
    let environment = root().join("target/dav-venv");
    let places = Places { bin: environment.join("bin"), sabre: option("--sabre").unwrap_or_default() };
    if !places.bin.join("xandikos").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let install = ["-m", "pip", "install", "--quiet", "radicale==3.*", "xandikos==0.4.*"];
        run(Command::new(places.bin.join("python")).args(install))?;
    }
    let room = root().join("target/dav");
    let _gone = fs::remove_dir_all(&room);
    println!(
        "| server | kind | way | items | refused | of these flagged | invitations |\n|---|---|---|---:|---:|---:|---:|"
    );
    let mut wrong = Vec::new();
    for server in servers {
        let place = room.join(server.name);
        fs::create_dir_all(&place)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut start = (server.start)(&places, &place, port);
        let _running = Running(start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        wait_for(port).map_err(|error| format!("{}: {error}", server.name))?;
        for (kind, home) in server.homes {
            let mut files = Vec::new();
            collect(folder, kind, &mut files)?;
            let mut put = Command::new(places.bin.join("python"));
            put.arg(root().join("xtask/src/dav/put.py")).arg(&command);
            put.args([server.name, &format!("http://127.0.0.1:{port}/"), home, kind, "nextcloud"]);
            put.arg(place.join("sent")).args(&files);
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
    let sent = number("sent");
    println!("| {server} | {kind} | {way} | {items} | {refused} | {flagged} | {sent} |");
    for reason in row["reasons"].as_array().into_iter().flatten().filter(|_| way == "mended") {
        let flagged = if reason["flagged"] == true { "flagged" } else { "not flagged" };
        println!("  {} × {flagged}: {} ({})", reason["items"], reason["why"], reason["first"]);
    }
    if way == "mended" && (refused > flagged || refused * 1_000 > items * MOST_REFUSED) {
        wrong.push(format!("{server} refuses {refused} of {items} {kind} items, of which {flagged} are flagged"));
    }
    if way == "mended" && sent > 0 {
        wrong.push(format!("{server} sends {sent} invitations"));
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
