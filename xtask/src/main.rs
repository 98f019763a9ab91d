//! Chores of the repository: `cargo xtask help`.

mod budget;
mod dav;
mod dice;
mod docs;
mod features;
mod fixtures;
mod growth;
mod importers;
mod licences;
mod mutations;
mod python;
mod release;
mod rust_version;
mod step;
mod stores;
mod storm;
mod targets;
mod test;
mod tree;
mod wasm;
mod web;

use std::{env, error::Error, path::PathBuf, process::ExitCode};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HELP: &str = "\
cargo xtask COMMAND

  test               everything that must hold before a change goes in; sets itself up
  full               test, page, budget, faults, growth, mutations of 2,000 messages, advisories: all that can be proved on this machine, in two hours or so
  budget             what every form writes is what it was, and sizes, instructions, dependencies and seconds are within their
                     limits (xtask/budget/; installs valgrind; --digests: only what is written; --write: writes that anew;
                     --only NAME: only limits whose names start so)
  wasm               compiles the npm package into bindings-wasm/npm/wasm (--quick: for trials, slower code)
  web                compiles the page into target/web and serves it on port 8080 (--quick: slower code; a port: there; --assemble: only puts
                     together what was compiled)
  page               ten first tasks in Chromium and Firefox, axe, Lighthouse, publint and attw, on the page and the package as they are
                     published (part of full, there with slower code)
  python             tests the Python package with all that reads its tables (installs pyarrow, polars, duckdb …)
  engines MB         a mailbox of MB megabytes by Apache Spark, locally and on a cluster of two, whose workers and executors are killed at
                     random, and out of an object store: every item once (needs Java 17; installs pyspark, moto, s3fs; more words:
                     more sources)
  free-threaded      type-checks the Python package for a free-threaded CPython 3.14, which need not be there
  features           each combination of the features of the crate mailferry compiles, and reading alone passes its tests
  fixtures           writes fixtures/ anew
  fixtures --check   fails where fixtures/ is not exactly what would be written
  targets FOLDER     everything in FOLDER to every target, whether the columns add up, and what Python reads of it
  importers FOLDER   everything in FOLDER, as 30 mailboxes, to every target that takes mail, and into Dovecot, Cyrus, Thunderbird, mbsync,
                     offlineimap, notmuch, mu, mblaze, formail, mailutils (installed by apt-get) and the published rules of others (a number: so many mailboxes)
  takeout SIZE       a Google Takeout of SIZE (1G) in four parts to Zoho: killed, resumed, verified, continued with the next month's;
                     prints times and memory (takeout SIZE LARGEST: with a mailbox of LARGEST octets more, over 4 GB for ZIP64)
  dav FOLDER         PUTs all calendars and address books in FOLDER to Radicale and Xandikos (installed by pip) and Cyrus (by apt-get), as
                     they are and as they are mended, and prints what is refused and which invitations would be sent (--sabre DIR: to
                     sabre/dav too, a checkout with vendor/autoload.php; --binary FILE)
  storm              all of this: losses of power in all forms, kills at random points, and faults at 1,800 places (options as of
                     faults)
  faults             one call to the system fails (ENOSPC, EIO), or the process is killed there, at 300 places each; then the same
                     again, which must come to what one run comes to (--positions N, --binary FILE, --form NAME, --kind NAME, --input small for many more cases in the same time,
                     --case FORM:CALL:KIND:N, --dir DIR, where /dev/shm is quick; needs strace)
  growth             mail, calendars, archives, stores, logs and tables of four sizes, each twice the one before: the time of the processor at most
                     2.3 times as long, and memory within what is promised (--binary FILE; --dir DIR, where /dev/shm is quick; names: only kinds
                     that begin so; needs Linux and Python)
  stores DIR         stores of Outlook at the limits (500,000 items, 5,000 folders, 1,000 names, over 4 GB, in parts, a file of 2 GB),
                     made in DIR: written, checked by `mailferry check`, read back; prints times and memory (--binary FILE; names of cases: only
                     these)
  mutations DIR      mail of fixtures/ broken in many ways, in stores of 500 messages that are made in DIR: each is held to its specification
                     by `mailferry check`, and has as many messages as went in (--messages N, usually 100,000; --seed N; --from FOLDER:
                     other mail, once or more; --keep N: leaves the first N stores for other checkers; --binary FILE;
                     part of full with 2,000)
  release --dry-run  what must hold before a release: versions, changelog, workflows, public API, packed crates compile, the documentation,
                     the command with man pages and completions, the source distribution, the wheel (manylinux, linked by zig) and the npm
                     package, each installed in an environment of its own and tested there; nothing is published (--only NAME: steps
                     that begin so)
  release --pack T   packs the command that was compiled for the target T into target/dist, as release.yml does
  release --write-api  writes the public names and types of the crate down anew (xtask/api/; installs cargo-public-api and a nightly compiler)
  docs               the documentation as one static site in target/docs/site: handbook, tutorials, command, crate, Python; links checked
                     (installs mkdocs-material)
  version X.Y.Z      writes the version of all packages
  licences           fails where a dependency has a licence that deny.toml does not allow
  deny               cargo-deny's whole check, advisories included (installs cargo-deny)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words {
        ["test"] => test::run(),
        ["full"] => full(),
        ["budget", ref options @ ..] => budget::run(options),
        ["wasm"] => wasm::build(wasm::Profile::Release),
        ["wasm", "--quick"] => wasm::build(wasm::Profile::Quick),
        ["web"] => web(wasm::Profile::Release, "8080"),
        ["web", "--quick"] => web(wasm::Profile::Quick, "8080"),
        ["web", "--assemble"] => web::assemble().map(drop),
        ["web", port] => web(wasm::Profile::Release, port),
        ["web", "--quick", port] => web(wasm::Profile::Quick, port),
        ["page"] => page(),
        ["python"] => python::with_tables(),
        ["engines", megabytes, ref sources @ ..] => python::engines(megabytes, sources),
        ["free-threaded"] => python::free_threaded(),
        ["features"] => features::check(),
        ["fixtures"] => fixtures::write(),
        ["fixtures", "--check"] => fixtures::check(),
        ["targets", folder] => targets::run_all(folder),
        ["importers", folder] => importers::run_all(folder, "30"),
        ["importers", folder, mailboxes] => importers::run_all(folder, mailboxes),
        ["takeout", ref sizes @ ..] if (1..=2).contains(&sizes.len()) => python::takeout(sizes),
        ["dav", folder, ref options @ ..] => dav::run_all(folder, options),
        ["storm", ref options @ ..] => storm::random::run(options),
        ["faults", ref options @ ..] => storm::faults(options),
        ["growth", ref words @ ..] => growth::measure(words),
        ["stores", dir, ref options @ ..] => stores::run_all(dir, options),
        ["mutations", dir, ref options @ ..] => mutations::run_all(dir, options),
        ["docs"] => docs::build(),
        ["release", ref options @ ..] => release::command(options),
        ["version", version] => release::set_version(version),
        ["licences"] => licences::check(),
        ["deny"] => licences::cargo_deny(),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("not a command: {}\n\n{HELP}", words.join(" ")).into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What must hold before a release; steps that take longer than `test` may go here.
fn full() -> Result<()> {
    test::run()?;
    features::check()?;
    step::run(&mut wasm::full_tests()?)?;
    budget::run(&[])?;
    storm::faults(&[])?;
    growth::measure(&[])?;
    mutations::run_small()?;
    licences::advisories()?;
    python::source_distribution(python::Build::Quick)?;
    wasm::pack_from_clone()?;
    dav::run_small(&root().join("fixtures/ics"))
}

/// What must hold of the page as it is published.
fn page() -> Result<()> {
    wasm::build(wasm::Profile::Release)?;
    web::assemble()?;
    step::run(&mut wasm::full_tests()?)
}

fn web(profile: wasm::Profile, port: &str) -> Result<()> {
    wasm::build(profile)?;
    web::serve(&web::assemble()?, port.parse()?)
}

/// The root of the workspace.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
