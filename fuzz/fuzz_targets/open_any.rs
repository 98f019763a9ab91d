#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    Limits,
    read::{Found, Inputs, ReadOptions},
};
use std::sync::Arc;

fuzz_target!(|octets: &[u8]| {
    let Ok(inputs) = Inputs::new("fuzz", Arc::new(octets.to_vec()), &Limits::default()) else { return };
    for found in inputs.take(1000) {
        let Ok(Found::Input(input)) = found else { continue };
        let Ok(mut reader) = input.open(&ReadOptions::default()) else { continue };
        loop {
            match reader.next_item() {
                Ok(Some(item)) => drop(item.message().map(|message| message.subject())),
                Ok(None) => break,
                Err(error) if error.is_fatal() => break,
                Err(_) => {}
            }
        }
        reader.take_defects();
    }
});
