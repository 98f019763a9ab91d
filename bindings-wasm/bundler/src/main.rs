//! `bundler FILE.wasm FOLDER`: writes `mailferry.js` and `mailferry_bg.wasm` into FOLDER.

use std::{env, process::ExitCode};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [input, folder] = arguments.as_slice() else {
        eprintln!("bundler FILE.wasm FOLDER");
        return ExitCode::FAILURE;
    };
    match bundle(input, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bundle(input: &str, folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("mailferry").typescript(false).remove_producers_section(true).remove_name_section(true);
    // Bundlers follow `new URL(…, import.meta.url)` of the façade; the default path here would be found a second time.
    bindgen.web(true)?.omit_default_module_path(true);
    bindgen.generate(folder)?;
    Ok(())
}
