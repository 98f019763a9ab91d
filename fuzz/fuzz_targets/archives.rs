#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    Limits,
    read::{Found, Inputs},
};
use std::sync::Arc;

fuzz_target!(|octets: &[u8]| {
    let mut limits = Limits::default();
    limits.expansion_floor = 4 << 20;
    for name in ["a.zip", "a.tar", "a.tgz"] {
        let read = || {
            let Ok(inputs) = Inputs::new(name, Arc::new(octets.to_vec()), &limits) else { return Vec::new() };
            let mut all = Vec::new();
            for found in inputs.take(1000) {
                let Ok(Found::Input(input)) = found else { continue };
                let source = input.source();
                let len = source.len().min(1 << 20) as usize;
                let mut forward = vec![0; len];
                if source.read_exact_at(0, &mut forward).is_err() {
                    continue;
                }
                for at in (0..len).rev().step_by(len / 5 + 1) {
                    let mut octet = [0];
                    source.read_exact_at(at as u64, &mut octet).expect("what was read once can be read again");
                    assert_eq!(octet[0], forward[at]);
                }
                source.take_defects();
                all.push((source.len(), forward));
            }
            all
        };
        assert_eq!(read(), read(), "twice the same");
    }
});
