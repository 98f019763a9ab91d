/// Whether `line` starts with a header field name and a colon (RFC 5322 §2.2), spaces before the colon tolerated (§4.5).
///
/// ```
/// use mailferry::mime::is_field_line;
///
/// assert!(is_field_line(b"Subject: hello"));
/// assert!(is_field_line(b"Subject : hello"));
/// assert!(!is_field_line(b"Dear Sir: hello"));
/// ```
pub fn is_field_line(line: &[u8]) -> bool {
    field_name_len(line).is_some()
}

/// The length of the field name that `line` starts with, when a colon follows it.
pub(super) fn field_name_len(line: &[u8]) -> Option<usize> {
    let len = line.iter().position(|&octet| octet == b':' || !octet.is_ascii_graphic())?;
    let after = line.get(len..)?.iter().find(|&&octet| octet != b' ' && octet != b'\t');
    (len > 0 && after == Some(&b':')).then_some(len)
}

/// Whether a message is likely to use `name` as the name of a header field: one that is registered, widespread, or of a
/// family such as `X-` or `List-`. Letters compare without case.
///
/// Text has lines such as `Note: …` too; this tells them from a header section.
pub fn is_known_field_name(name: &[u8]) -> bool {
    FAMILIES.iter().any(|family| {
        name.len() > family.len() && name.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family))
    }) || KNOWN.binary_search_by(|known| known.bytes().cmp(name.iter().map(u8::to_ascii_lowercase))).is_ok()
}

const FAMILIES: [&[u8]; 9] =
    [b"x-", b"arc-", b"content-", b"dkim-", b"list-", b"resent-", b"authentication-", b"disposition-", b"ms-exchange-"];

/// Lower case and sorted: the IANA registry's permanent and provisional mail, netnews and MIME fields, and what real
/// mail adds to them.
const KNOWN: &[&str] = &[
    "accept-language",
    "alternate-recipient",
    "apparently-from",
    "apparently-to",
    "approved",
    "archive",
    "archived-at",
    "auto-submitted",
    "autocrypt",
    "autocrypt-gossip",
    "autoforwarded",
    "autosubmitted",
    "bcc",
    "body",
    "bounces-to",
    "cancel-key",
    "cancel-lock",
    "cc",
    "comments",
    "control",
    "conversion",
    "conversion-with-loss",
    "date",
    "date-received",
    "deferred-delivery",
    "delivered-to",
    "delivery-date",
    "discarded-x400-ipms-extensions",
    "discarded-x400-mts-extensions",
    "distribution",
    "dl-expansion-history",
    "domainkey-signature",
    "downgraded-bcc",
    "downgraded-cc",
    "downgraded-disposition-notification-to",
    "downgraded-final-recipient",
    "downgraded-from",
    "downgraded-in-reply-to",
    "downgraded-mail-from",
    "downgraded-message-id",
    "downgraded-original-recipient",
    "downgraded-rcpt-to",
    "downgraded-references",
    "downgraded-reply-to",
    "downgraded-resent-bcc",
    "downgraded-resent-cc",
    "downgraded-resent-from",
    "downgraded-resent-reply-to",
    "downgraded-resent-sender",
    "downgraded-resent-to",
    "downgraded-return-path",
    "downgraded-sender",
    "downgraded-to",
    "encoding",
    "encrypted",
    "envelope-from",
    "envelope-recipient",
    "envelope-to",
    "errors-to",
    "expires",
    "expiry-date",
    "face",
    "fcc",
    "feedback-id",
    "followup-to",
    "form-sub",
    "from",
    "generate-delivery-report",
    "hp-outer",
    "illegal-object",
    "importance",
    "in-reply-to",
    "incomplete-copy",
    "injection-date",
    "injection-info",
    "jabber-id",
    "keywords",
    "language",
    "latest-delivery-time",
    "lines",
    "mail-followup-to",
    "mail-from",
    "mail-reply-to",
    "mailing-list",
    "message-context",
    "message-id",
    "message-type",
    "mime-version",
    "mmhs-acp127-message-identifier",
    "mmhs-authorizing-users",
    "mmhs-codress-message-indicator",
    "mmhs-copy-precedence",
    "mmhs-exempted-address",
    "mmhs-extended-authorisation-info",
    "mmhs-handling-instructions",
    "mmhs-message-instructions",
    "mmhs-message-type",
    "mmhs-originator-plad",
    "mmhs-originator-reference",
    "mmhs-other-recipients-indicator-cc",
    "mmhs-other-recipients-indicator-to",
    "mmhs-primary-precedence",
    "mmhs-subject-indicator-codes",
    "mt-priority",
    "newsgroups",
    "nntp-posting-date",
    "nntp-posting-host",
    "obsoletes",
    "old-return-path",
    "organisation",
    "organization",
    "original-encoded-information-types",
    "original-from",
    "original-message-id",
    "original-recipient",
    "original-sender",
    "original-subject",
    "originator-info",
    "originator-return-address",
    "path",
    "phone",
    "pics-label",
    "posted-date",
    "posting-version",
    "precedence",
    "prevent-nondelivery-report",
    "priority",
    "received",
    "received-date",
    "received-spf",
    "references",
    "relay-version",
    "reply-by",
    "reply-to",
    "require-recipient-valid-since",
    "return-path",
    "return-receipt-to",
    "see-also",
    "sender",
    "sensitivity",
    "solicitation",
    "status",
    "subject",
    "summary",
    "supersedes",
    "thread-index",
    "thread-topic",
    "tls-report-domain",
    "tls-report-submitter",
    "tls-required",
    "to",
    "user-agent",
    "vbr-info",
    "warnings-to",
    "x400-content-identifier",
    "x400-content-return",
    "x400-content-type",
    "x400-mts-identifier",
    "x400-originator",
    "x400-received",
    "x400-recipients",
    "x400-trace",
    "xref",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_every_name_is_found() {
        for name in KNOWN {
            assert!(is_known_field_name(name.to_ascii_uppercase().as_bytes()), "{name}");
        }
        assert!(KNOWN.is_sorted());
    }

    #[test]
    fn families_need_a_name_of_their_own() {
        assert!(is_known_field_name(b"X-Gmail-Labels"));
        assert!(!is_known_field_name(b"X-"));
        assert!(!is_known_field_name(b"Note"));
        assert!(!is_known_field_name(b""));
    }

    #[test]
    fn a_field_name_is_printable_ascii_before_a_colon() {
        assert!(is_field_line(b"a:"));
        assert!(is_field_line(b"a\t :b"));
        for line in [&b""[..], b":", b" a:b", b"a b:", b"a", b"a\x80:", b"From x@y.z Mon Jan 1 00:00:00 2024", b"a\n:"]
        {
            assert!(!is_field_line(line), "{}", line.escape_ascii());
        }
    }
}
