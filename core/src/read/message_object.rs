//! Message objects as items: what the readers of Outlook's formats have in common.

use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
    limits::Stop,
    mapi::{MapiMessage, Translated, Translation, keywords, received, translate},
    model::{Fidelity, Folder, Item, Object, Origin},
};

/// What was found, unless it was asked to stop meanwhile: then what looks like damage may not be any.
///
/// # Errors
/// [`ErrorKind::Cancelled`].
pub(super) fn unless_stopped<T>(found: Result<T>, stop: &Stop) -> Result<T> {
    if stop.is_asked() {
        let what = "stopped while the message was read: what looks like damage may not be any";
        return Err(Error::new(ErrorKind::Cancelled, what));
    }
    found
}

/// A message object as an item, in the form of its standard. The defects are those of the message, of its translation, and of `beside`:
/// that adds what the object could not hold, and says what was met while its octets were read.
///
/// # Errors
/// [`ErrorKind::Cancelled`] when it was asked to stop, and what `beside` says.
pub(super) fn translated_item(
    message: MapiMessage,
    (folder, origin): (Folder, Origin),
    translation: &Translation,
    beside: impl FnOnce(&mut Translated, &mut Vec<Defect>) -> Result<()>,
) -> Result<Item> {
    let mut defects = message.defects.clone();
    let mut translated = translate(&message, translation, &mut defects);
    let added = beside(&mut translated, &mut defects);
    unless_stopped(added, &translation.limits.stop)?;
    let kind = translated.into_kind(&translation.limits)?;
    let (keywords, received) = (keywords(&message.properties), received(&message.properties));
    let object = translation.keep_objects.then(|| Object::new(message));
    Ok(Item {
        keywords,
        received,
        defects,
        provenance: Fidelity::Synthesized,
        object,
        ..Item::new(kind, folder, origin)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DefectKind, Limits, mapi::PropertyBag};

    #[test]
    fn all_defects_reach_the_item_and_a_stop_ends_it() {
        let mut message = MapiMessage::new(PropertyBag::default());
        message.defects.push(Defect::new(DefectKind::Property, "of the message"));
        let read = |translation: &Translation, fails: bool| {
            let place = (Folder::default(), Origin::default());
            translated_item(message.clone(), place, translation, |_, defects| {
                defects.push(Defect::new(DefectKind::Structure, "beside it"));
                if fails { Err(Error::new(ErrorKind::Io, "refused")) } else { Ok(()) }
            })
        };
        let item = read(&Translation::default(), false).unwrap();
        assert!(item.object.is_none());
        let kept = read(&Translation { keep_objects: true, ..Translation::default() }, false).unwrap();
        let object: Option<&MapiMessage> = kept.object.as_ref().and_then(Object::get);
        assert_eq!(object.map(|object| object.defects.len()), Some(1));
        let told: Vec<_> = item.defects.iter().map(Defect::detail).collect();
        assert_eq!((told.first(), told.last()), (Some(&"of the message"), Some(&"beside it")));
        assert_eq!(read(&Translation::default(), true).unwrap_err().kind(), ErrorKind::Io);
        let limits = Limits { stop: Stop::when(|| true), ..Limits::default() };
        let stopped = Translation { limits, ..Translation::default() };
        assert_eq!(read(&stopped, true).unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(read(&stopped, false).unwrap_err().kind(), ErrorKind::Cancelled);
    }
}
