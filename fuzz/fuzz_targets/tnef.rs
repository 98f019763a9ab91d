#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    Limits,
    mapi::{Translated, Translation, tnef, translate},
    source::Content,
};

fuzz_target!(|octets: &[u8]| {
    let Ok(message) = tnef::read_tnef(&Content::from(octets.to_vec()), &Limits::default()) else { return };
    if let Translated::Message(mail) = translate(&message, &Translation::default(), &mut Vec::new()) {
        let _ = mail.write_to(&mut std::io::sink());
    }
});
