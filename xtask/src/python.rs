//! The tests in Python, run in a virtual environment of their own under target/.

use crate::{
    Result, root,
    step::{cargo, output, run},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the tests need (NumPy for the types of polars, which name its own); those with DuckDB, pandas and notebooks are skipped without
/// what `cargo xtask python` installs.
const REQUIREMENTS: &str = "pytest>=8,<10\nbagit>=1.8,<2\njsonschema>=4,<5\nvobject==0.9.9\nicalendar>=6,<8\nmaturin>=1.9,<2\nmypy>=1.18,<3\npyright>=1.1,<2\nnumpy>=2\npolars>=1,<2\npyarrow>=18\n";
const TABLES: &str = "duckdb\nipykernel\nmatplotlib\nnbclient\npandas\n";
const TESTS: [&str; 2] = ["cli/tests/python", "bindings-python/tests"];

/// Makes the virtual environment, unless it is there with the same requirements.
pub(crate) fn set_up() -> Result<()> {
    let stamp = environment().join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(());
    }
    let python = ["python3", "python"].into_iter().find(|name| is_new_enough(name));
    let python = python.ok_or("Python 3.10 or newer is needed to test what other programs read (python3 --version)")?;
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(environment()))?;
    let requirements = install(REQUIREMENTS)?;
    fs::rename(requirements, stamp)?;
    Ok(())
}

/// Builds the package `mailferry` as quickly as can be and installs it; what is compiled is shared with the workspace.
pub(crate) fn package() -> Result<()> {
    // pip starts maturin by its name.
    let path = env::var_os("PATH").unwrap_or_default();
    let programs = fs::canonicalize(programs())?;
    let path = env::join_paths([programs].into_iter().chain(env::split_paths(&path)))?;
    run(pip()
        .args(["--no-build-isolation", "--force-reinstall", "--no-deps", "./bindings-python"])
        .env("PATH", path)
        .env("MATURIN_PEP517_ARGS", "--profile dev --locked"))
}

/// How what is packed is compiled.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Build {
    /// As it is published: the fastest, which takes minutes.
    Published,
    /// For tests.
    Quick,
}

/// Makes a source distribution, and installs it in an environment that has nothing else: what is compiled is shared.
pub(crate) fn source_distribution(build: Build) -> Result<()> {
    set_up()?;
    let room = room("sdist")?;
    run(in_environment()
        .args(["-m", "maturin", "sdist", "--manifest-path", "bindings-python/Cargo.toml", "--out"])
        .arg(&room))?;
    let packed = only_file(&room)?;
    let python = clean_environment(&room)?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).arg(&packed);
    install.env("CARGO_TARGET_DIR", fs::canonicalize(root().join("target"))?);
    if build == Build::Quick {
        install.env("MATURIN_PEP517_ARGS", "--profile dev");
    } else {
        check_distribution(&packed)?;
    }
    run(&mut install)?;
    try_package(&python)
}

/// Builds the wheel as it is published, has it checked, and installs it in an environment that has nothing else.
pub(crate) fn wheel() -> Result<()> {
    set_up()?;
    let room = room("wheel")?;
    let mut maturin = in_environment();
    maturin.args(["-m", "maturin", "build", "--profile", "release", "--locked", "--strip"]);
    maturin.args(["--manifest-path", "bindings-python/Cargo.toml", "--out"]).arg(&room);
    if cfg!(target_os = "linux") {
        // As wheels.yml does it: linked such that the C library of eight years ago is enough, which maturin checks.
        let _installed = install("ziglang\n")?;
        maturin.args(["--zig", "--compatibility", MANYLINUX]);
    }
    run(&mut maturin)?;
    let packed = only_file(&room)?;
    println!("{}: {} octets", packed.display(), fs::metadata(&packed)?.len());
    if cfg!(target_os = "linux") && !packed.to_string_lossy().contains(MANYLINUX) {
        return Err(format!("{} is no wheel for {MANYLINUX}", packed.display()).into());
    }
    check_distribution(&packed)?;
    run(in_environment().args(["-m", "check_wheel_contents"]).arg(&packed))?;
    let python = clean_environment(&room)?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).arg(&packed))?;
    try_package(&python)
}

const MANYLINUX: &str = "manylinux_2_28";

/// What PyPI would say of it.
fn check_distribution(packed: &Path) -> Result<()> {
    let _installed = install("twine\ncheck-wheel-contents\n")?;
    run(in_environment().args(["-m", "twine", "check", "--strict"]).arg(packed))
}

/// What the tests of the package from the outside need: those who check types, and those who read tables.
const OUTSIDE: [&str; 10] = [
    "pytest>=8,<10",
    "mypy>=1.18,<3",
    "pyright>=1.1,<2",
    "polars>=1,<2",
    "pyarrow>=18",
    "pandas>=2,<4",
    "duckdb>=1,<2",
    "fsspec",
    "rich",
    "tqdm",
];

/// Runs the tests of the package from the outside, with an interpreter that has it installed.
fn try_package(python: &Path) -> Result<()> {
    // Nothing but the standard library is there yet, which has to be enough.
    run(Command::new(python).args(["-I", "-c", "import mailferry; print(mailferry.__version__)"]))?;
    run(Command::new(python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(OUTSIDE))?;
    let tests = [
        "test_command",
        "test_converting",
        "test_documentation",
        "test_documents",
        "test_examples",
        "test_expected",
        "test_reading",
        "test_tables",
        "test_types",
    ];
    let tests = tests.map(|name| format!("bindings-python/tests/{name}.py"));
    // A build for tests has a function that others do not have.
    run(Command::new(python)
        .args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"])
        .args(["--deselect", "tests/test_reading.py::test_a_panic_is_an_exception_like_others"])
        .args(tests)
        .env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// The interpreter of an environment of its own under target/ with these packages.
pub(crate) fn environment_for(name: &str, requirements: &[&str]) -> Result<PathBuf> {
    set_up()?;
    let environment = root().join("target").join(name);
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        run(in_environment().args(["-m", "venv"]).arg(&environment))?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(install).args(requirements))?;
    Ok(python)
}

/// An empty folder under target/.
pub(crate) fn room(name: &str) -> Result<PathBuf> {
    let room = root().join("target").join(name);
    if room.exists() {
        fs::remove_dir_all(&room)?;
    }
    fs::create_dir_all(&room)?;
    Ok(fs::canonicalize(room)?)
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let first = fs::read_dir(folder)?.next().ok_or("nothing was packed")?;
    Ok(first?.path())
}

/// The interpreter of an environment without packages.
fn clean_environment(room: &Path) -> Result<PathBuf> {
    let environment = room.join("venv");
    run(in_environment().args(["-m", "venv", "--clear"]).arg(&environment))?;
    Ok(environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }))
}

/// The command that runs the tests.
pub(crate) fn pytest() -> Result<Command> {
    let mut command = in_environment();
    let binary = root().join("target/debug").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX));
    command.args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]).args(TESTS);
    command.env("MAILFERRY", fs::canonicalize(binary)?);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// What Python's own readers find in what was written to `destination` in `form`, as JSON.
pub(crate) fn read_back(destination: &Path, form: &str) -> Result<String> {
    output(in_environment().args(["-B", "cli/tests/python/read_back.py"]).arg(destination).arg(form))
}

/// The journey of a Takeout in parts, as `cli/tests/python/takeout.py` goes it, with the command as it is published.
pub(crate) fn takeout(sizes: &[&str]) -> Result<()> {
    set_up()?;
    run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
    let room = root().join("target/takeout");
    if room.exists() {
        fs::remove_dir_all(&room)?;
    }
    fs::create_dir_all(&room)?;
    let command = root().join("target/release").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX));
    let mut journey = in_environment();
    journey.arg("cli/tests/python/takeout.py").arg(&room).args(sizes).env("MAILFERRY", fs::canonicalize(command)?);
    run(&mut journey)?;
    Ok(fs::remove_dir_all(&room)?)
}

/// Tests the package with all that reads its tables.
pub(crate) fn with_tables() -> Result<()> {
    set_up()?;
    let _installed = install(TABLES)?;
    run(cargo().args(["build", "--package", "mailferry-cli", "--locked"]))?;
    package()?;
    run(&mut pytest()?)
}

/// What runs splits on many machines.
const ENGINES: &str = "fsspec\nmoto[server]\npandas<3\npyarrow\npyspark>=4.1,<5\ns3fs\n";
/// Processes that are killed on each engine.
const KILLS: &str = "20";

/// Conversions and tables by Apache Spark, whose processes are killed.
pub(crate) fn engines(megabytes: &str, sources: &[&str]) -> Result<()> {
    if !Command::new("java").arg("-version").output().is_ok_and(|asked| asked.status.success()) {
        return Err("Java 17 is needed for Apache Spark, and there is no program `java`".into());
    }
    set_up()?;
    let _installed = install(ENGINES)?;
    package()?;
    let room = root().join("target/engines");
    if room.exists() {
        fs::remove_dir_all(&room)?;
    }
    fs::create_dir_all(&room)?;
    let room = fs::canonicalize(room)?;
    run(in_environment().arg("xtask/src/engines/engines.py").arg(&room).args([megabytes, KILLS]).args(sources))?;
    Ok(fs::remove_dir_all(&room)?)
}

/// What PyO3 would ask a free-threaded interpreter for.
const FREE_THREADED: &str = "implementation=CPython\nversion=3.14\nshared=true\nabi3=false\npointer_width=64\n\
                             build_flags=Py_GIL_DISABLED\nsuppress_build_script_link_lines=true\n";

/// Type-checks the package without the stable ABI, which an interpreter without the lock does not have.
pub(crate) fn free_threaded() -> Result<()> {
    let config = root().join("target/free-threaded.txt");
    fs::write(&config, FREE_THREADED)?;
    run(cargo()
        .args(["check", "--package", "mailferry-python", "--no-default-features", "--locked"])
        .env("PYO3_CONFIG_FILE", fs::canonicalize(config)?))
}

/// Installs packages, and gives the file that names them.
fn install(requirements: &str) -> Result<PathBuf> {
    let file = root().join("target/requirements.txt");
    fs::write(&file, requirements)?;
    run(pip().arg("--requirement").arg(&file))?;
    Ok(file)
}

fn pip() -> Command {
    let mut command = in_environment();
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command
}

fn is_new_enough(python: &str) -> bool {
    let script = "import sys; print(sys.version_info >= (3, 10))";
    output(Command::new(python).args(["-c", script])).is_ok_and(|answer| answer.trim() == "True")
}

fn environment() -> PathBuf {
    root().join("target/venv")
}

/// Where the programs of the virtual environment lie.
fn programs() -> PathBuf {
    environment().join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn in_environment() -> Command {
    Command::new(programs().join(if cfg!(windows) { "python.exe" } else { "python" }))
}
