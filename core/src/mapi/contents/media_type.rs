/// The media type that an attachment says it has, if it is one that may stand for a part of its own.
pub(in crate::mapi) fn declared(media_type: &str) -> Option<String> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, subtype) = media_type.split_once('/')?;
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&octet))
    };
    // Parts within parts and referred-to bodies cannot be told from their octets alone.
    let is_leaf = kind != "multipart" && !matches!(&*media_type, "message/partial" | "message/external-body");
    (is_token(kind) && is_token(subtype) && is_leaf).then_some(media_type)
}

/// The media type that a file name speaks of, or else the first octets, which are asked for only then (IANA, "Media Types").
pub(in crate::mapi) fn guessed(file_name: &str, first: impl FnOnce() -> Vec<u8>) -> &'static str {
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let by_extension = extension.and_then(|extension| {
        BY_EXTENSION.iter().find(|(known, _)| *known == extension).map(|(_, media_type)| *media_type)
    });
    let by_content = || {
        let first = first();
        BY_CONTENT.iter().find(|(magic, _)| first.starts_with(magic)).map(|(_, media_type)| *media_type)
    };
    by_extension.or_else(by_content).unwrap_or("application/octet-stream")
}

const BY_EXTENSION: [(&str, &str); 44] = [
    ("7z", "application/x-7z-compressed"),
    ("asc", "application/pgp-signature"),
    ("avi", "video/x-msvideo"),
    ("bmp", "image/bmp"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("emf", "image/emf"),
    ("eml", "message/rfc822"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("msg", "application/vnd.ms-outlook"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("p7m", "application/pkcs7-mime"),
    ("p7s", "application/pkcs7-signature"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("vcf", "text/vcard"),
    ("wav", "audio/x-wav"),
    ("webp", "image/webp"),
    ("wmf", "image/wmf"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

const BY_CONTENT: [(&[u8], &str); 9] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"II*\0", "image/tiff"),
    (b"BEGIN:VCARD", "text/vcard"),
];

/// An extension for a media type, with its full stop; empty where none is known.
pub(in crate::mapi) fn extension(media_type: &str) -> String {
    let known = BY_EXTENSION.iter().rev().find(|(_, known)| *known == media_type);
    known.map(|(extension, _)| format!(".{extension}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_speaks_where_the_name_does_not() {
        assert_eq!(guessed("a.PDF", || unreachable!("the name tells")), "application/pdf");
        assert_eq!(guessed("noname", || b"\xff\xd8\xff\xe0".to_vec()), "image/jpeg");
        assert_eq!(guessed("x.unknown", || b"??".to_vec()), "application/octet-stream");
        assert_eq!(extension("image/jpeg"), ".jpg");
    }

    #[test]
    fn a_declared_type_must_be_one() {
        assert_eq!(declared("Image/PNG; name=x").as_deref(), Some("image/png"));
        assert_eq!(declared("multipart/mixed"), None);
        assert_eq!(declared("png"), None);
        assert_eq!(declared("a/b\r\nX: y"), None);
    }
}
