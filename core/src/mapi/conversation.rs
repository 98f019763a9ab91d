//! Which conversation a message belongs to ([MS-OXOMSG] 2.2.1.2, 2.2.1.3).

use md5::{Digest, Md5};

/// PidTagConversationId as Outlook fills it: of the topic, whose case does not matter.
pub(crate) fn conversation_id(topic: &str) -> [u8; 16] {
    let mut digest = Md5::new();
    for unit in topic.chars().flat_map(char::to_uppercase).flat_map(|c| {
        let mut pair = [0; 2];
        c.encode_utf16(&mut pair).to_vec()
    }) {
        digest.update(unit.to_le_bytes());
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::hex;

    #[test]
    fn the_identifier_is_that_which_outlook_gives() {
        let expected = "0ad6bb270f2f3330c1915e22523c8dd7";
        for topic in ["Alpha", "ALPHA", "alpha"] {
            assert_eq!(hex(&conversation_id(topic)), expected, "{topic}");
        }
        assert_eq!(hex(&conversation_id("")), "d41d8cd98f00b204e9800998ecf8427e");
        assert_ne!(conversation_id("é"), conversation_id("e"));
    }
}
