#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    Limits,
    read::{Found, Inputs},
};
use std::sync::Arc;

/// What each compression starts with, so that the octets behind are looked at.
const STARTS: [&[u8]; 5] =
    [b"", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"BZh91AY&SY", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F", b"\x28\xb5\x2f\xfd"];

fuzz_target!(|octets: &[u8]| {
    let Some((which, rest)) = octets.split_first() else { return };
    let start = STARTS[usize::from(*which) % STARTS.len()];
    let mut limits = Limits::default();
    limits.expansion_floor = 16 << 20;
    let Ok(inputs) = Inputs::new("fuzz", Arc::new([start, rest].concat()), &limits) else { return };
    for found in inputs.take(100) {
        let Ok(Found::Input(input)) = found else { continue };
        let source = input.source();
        let len = source.len().min(1 << 20) as usize;
        let mut forward = vec![0; len];
        if source.read_exact_at(0, &mut forward).is_err() {
            continue;
        }
        // The octets are the same wherever reading begins.
        for at in (0..len).rev().step_by(len / 7 + 1) {
            let mut octet = [0];
            source.read_exact_at(at as u64, &mut octet).expect("what was read once can be read again");
            assert_eq!(octet[0], forward[at]);
        }
        source.take_defects();
    }
});
