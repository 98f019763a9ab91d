//! Groups of an address book: cards of their own, as Apple's programs have them, or categories of their members, as Google,
//! Nextcloud and Outlook have them.

use super::assembly::Assembly;
use crate::{
    content_line::{
        Component, ContentLine, ContentLines, Marker, Property, escape_text, split_unescaped, unescape_text,
    },
    error::{ErrorKind, Result},
    limits::Limits,
    model::{VCard, VCardVersion, read_card},
    source::{Content, Source},
    word::words,
};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};
use uuid::Uuid;

/// Members of groups that one file may have, each counted as often as it is in a group; what is beyond stays as it is.
const MEMBERSHIPS: usize = 1 << 18;

words! {
    /// How the groups of an address book are written.
    ///
    /// Nothing is taken away that is not said in the other way: a group with a member that is not in the file stays a card, and
    /// categories stay in the cards that have them.
    ///
    /// ```
    /// use mailferry::write::CardGroups;
    ///
    /// assert_eq!("categories".parse::<CardGroups>()?, CardGroups::Categories);
    /// # Ok::<(), mailferry::Error>(())
    /// ```
    #[derive(Default)]
    pub enum CardGroups: "a way to write groups" {
        /// As they are.
        #[default]
        Keep = "keep",
        /// CATEGORIES of their members (RFC 6350 §6.7.1), in the stead of a card for each group.
        Categories = "categories",
        /// A card for each category, next to the cards that have it: KIND and MEMBER (RFC 6350 §6.1.4, §6.6.5), or in vCard 3.0
        /// what Apple's programs call these.
        Cards = "cards",
    }
}

/// The address book with its groups as they are asked for.
pub(super) fn regroup(book: Content, groups: CardGroups, limits: &Limits) -> Result<Content> {
    match groups {
        CardGroups::Keep => Ok(book),
        CardGroups::Categories => to_categories(book, limits),
        CardGroups::Cards => to_cards(book),
    }
}

fn for_each_card(book: &Source, mut f: impl FnMut(&VCard) -> Result<()>) -> Result<()> {
    let mut lines = ContentLines::new(book.clone())?;
    let mut before = 0;
    while let Some(card) = read_card(&mut lines, book, before)? {
        before = lines.offset();
        f(&card)?;
    }
    Ok(())
}

/// What a UID and a MEMBER that names it have in common.
fn key(uid: &str) -> String {
    let uid = uid.trim().to_ascii_lowercase();
    uid.strip_prefix("urn:uuid:").unwrap_or(&uid).to_owned()
}

#[derive(Default)]
struct Group {
    name: String,
    /// The card of the group with what is around it.
    range: Range<u64>,
    /// Members that were not met yet.
    missing: usize,
}

/// A card that groups name.
#[derive(Default)]
struct Member {
    groups: Vec<usize>,
    met: bool,
}

fn to_categories(book: Content, limits: &Limits) -> Result<Content> {
    let source: Source = Arc::new(book.clone());
    let mut groups: HashMap<u64, usize> = HashMap::new();
    let mut list: Vec<Group> = Vec::new();
    let mut members: HashMap<String, Member> = HashMap::new();
    let mut left = MEMBERSHIPS;
    for_each_card(&source, |card| {
        let (true, Some(name)) = (card.is_group(), card.name()) else { return Ok(()) };
        let Some(keys) = members_of(card, limits)?.filter(|keys| keys.len() <= left) else { return Ok(()) };
        left -= keys.len();
        groups.insert(card.offset(), list.len());
        for key in &keys {
            members.entry(key.clone()).or_default().groups.push(list.len());
        }
        list.push(Group { name: name.to_owned(), range: card.range_and_around(), missing: keys.len() });
        Ok(())
    })?;
    if list.is_empty() {
        return Ok(book);
    }
    let mut out = Assembly::default();
    for_each_card(&source, |card| {
        if groups.contains_key(&card.offset()) {
            return Ok(());
        }
        let whole = book.slice(card.range_and_around());
        let Some(member) = card.uid().and_then(|uid| members.get_mut(&key(uid))) else {
            return Ok(out.content(&whole)?);
        };
        if !std::mem::replace(&mut member.met, true) {
            for group in &member.groups {
                if let Some(group) = list.get_mut(*group) {
                    group.missing -= 1;
                }
            }
        }
        let names = member.groups.iter().filter_map(|group| list.get(*group)).map(|group| group.name.as_str());
        Ok(out.content(&with_categories(&whole, names)?)?)
    })?;
    for group in list.iter().filter(|group| group.missing > 0) {
        out.content(&book.slice(group.range.clone()))?;
    }
    out.finish()
}

/// The keys of the members of a group, each once; `None` where the card is too large to be looked into.
fn members_of(card: &VCard, limits: &Limits) -> Result<Option<HashSet<String>>> {
    let content = card.to_content()?;
    if content.len() > limits.component as u64 {
        return Ok(None);
    }
    let component = match Component::parse(Arc::new(content), limits) {
        Ok(component) => component,
        Err(error) if error.kind() == ErrorKind::Io => return Err(error),
        Err(_) => return Ok(None),
    };
    let is_member = |property: &&Property| property.is("MEMBER") || property.is("X-ADDRESSBOOKSERVER-MEMBER");
    Ok(Some(component.properties.iter().filter(is_member).map(|property| key(&property.value)).collect()))
}

/// A content line of categories.
struct CategoriesLine {
    range: Range<u64>,
    value: String,
}

/// The lines of a card itself that are categories, and where its last line starts.
fn categories(card: &Content) -> Result<(Vec<CategoriesLine>, u64)> {
    let mut lines = ContentLines::new(Arc::new(card.clone()))?;
    let (mut found, mut end, mut depth) = (Vec::new(), card.len(), 0_u32);
    while let Some(line) = lines.next_line()? {
        match Marker::of(line.head) {
            Some(Marker::Begin(_)) => depth += 1,
            Some(Marker::End(_)) => {
                depth = depth.saturating_sub(1);
                end = line.start;
            }
            None => {
                let Some(parsed) = ContentLine::parse(line.head).filter(|_| depth == 1 && line.whole) else { continue };
                if parsed.is("CATEGORIES") {
                    let value = parsed.decoded_value().into_owned();
                    found.push(CategoriesLine { range: line.start..line.end, value });
                }
            }
        }
    }
    Ok((found, end))
}

fn names_in(value: &str) -> impl Iterator<Item = String> {
    split_unescaped(value, ',').map(|name| unescape_text(name.trim()).into_owned()).filter(|name| !name.is_empty())
}

/// The card with these categories beside those it has, all in one line.
fn with_categories<'a>(card: &Content, names: impl Iterator<Item = &'a str>) -> Result<Content> {
    let (lines, end) = categories(card)?;
    let known: HashSet<String> = lines.iter().flat_map(|line| names_in(&line.value)).collect();
    let added: Vec<_> = names.filter(|name| !known.contains(*name)).map(escape_text).collect();
    if added.is_empty() {
        return Ok(card.clone());
    }
    let (range, value) = match lines.first() {
        Some(CategoriesLine { range, value }) => (range.clone(), format!("{value},{}", added.join(","))),
        None => (end..end, added.join(",")),
    };
    let mut line = Vec::new();
    Property::new("CATEGORIES", value).write_to(&mut line);
    Ok(Content::join([card.slice(0..range.start), Content::from(line), card.slice(range.end..card.len())]))
}

fn to_cards(book: Content) -> Result<Content> {
    let source: Source = Arc::new(book.clone());
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut standing: HashSet<String> = HashSet::new();
    let mut version = None;
    let mut left = MEMBERSHIPS;
    for_each_card(&source, |card| {
        version = version.or(card.version());
        if card.is_group() {
            standing.extend(card.name().map(str::to_owned));
            return Ok(());
        }
        let Some(uid) = card.uid().map(str::trim).filter(|uid| !uid.is_empty()) else { return Ok(()) };
        for CategoriesLine { value, .. } in categories(&card.to_content()?)?.0 {
            for name in names_in(&value) {
                let Some(fewer) = left.checked_sub(1) else { return Ok(()) };
                left = fewer;
                let place = *places.entry(name).or_insert_with_key(|name| {
                    groups.push((name.clone(), Vec::new()));
                    groups.len() - 1
                });
                if let Some((_, members)) =
                    groups.get_mut(place).filter(|(_, members)| members.last().is_none_or(|last| last != uid))
                {
                    members.push(uid.to_owned());
                }
            }
        }
        Ok(())
    })?;
    let mut made = Vec::new();
    for (name, members) in groups.iter().filter(|(name, _)| !standing.contains(name)) {
        group_card(name, members, version == Some(VCardVersion::V4)).write_to(&mut made);
    }
    if made.is_empty() {
        return Ok(book);
    }
    let ends_line = book.slice(book.len().saturating_sub(1)..book.len()).to_vec(1)? == b"\n";
    let line_end = if ends_line { Vec::new() } else { b"\r\n".to_vec() };
    Ok(Content::join([book, Content::from(line_end), Content::from(made)]))
}

fn group_card(name: &str, members: &[String], is_v4: bool) -> Component {
    let [version, kind, member] = match is_v4 {
        true => ["4.0", "KIND", "MEMBER"],
        false => ["3.0", "X-ADDRESSBOOKSERVER-KIND", "X-ADDRESSBOOKSERVER-MEMBER"],
    };
    let urn = |uid: &str| if uid.contains(':') { uid.to_owned() } else { format!("urn:uuid:{uid}") };
    let uid = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("CATEGORIES:{name}").as_bytes());
    let uid = if is_v4 { uid.urn().to_string() } else { uid.to_string() };
    let mut card = Component::new("VCARD")
        .with(Property::new("VERSION", version))
        .with(Property::new(kind, "group"))
        .with(Property::new("UID", uid))
        .with(Property::text("FN", name))
        .with(Property::new("N", format!("{};;;;", escape_text(name))));
    card.properties.extend(members.iter().map(|uid| Property::new(member, urn(uid))));
    card
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn regrouped(book: &str, groups: CardGroups) -> String {
        let content = regroup(Content::from(book.as_bytes().to_vec()), groups, &Limits::default()).unwrap();
        String::from_utf8(content.to_vec(1 << 20).unwrap()).unwrap()
    }

    const ANN: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nUID:A1\r\nEND:VCARD\r\n";
    const BOB: &str =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nCATEGORIES:Chess\\, club\r\nUID:urn:uuid:B2\r\nEND:VCARD\r\n";
    const FRIENDS: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Friends\r\nFN:Friends\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n\
        X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a1\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:B2\r\nUID:G\r\nEND:VCARD\r\n";

    #[test]
    fn groups_become_categories_of_their_members() {
        for book in [[ANN, BOB, FRIENDS].concat(), [FRIENDS, ANN, BOB].concat()] {
            let ann = ANN.replace("END:", "CATEGORIES:Friends\r\nEND:");
            let bob = BOB.replace("club\r\n", "club,Friends\r\n");
            assert_eq!(regrouped(&book, CardGroups::Categories), ann + &bob);
        }
    }

    #[test]
    fn a_group_with_a_member_elsewhere_stays() {
        let ann = ANN.replace("END:", "CATEGORIES:Friends\r\nEND:");
        assert_eq!(regrouped(&[FRIENDS, ANN].concat(), CardGroups::Categories), ann + FRIENDS);
    }

    #[test]
    fn categories_become_groups() {
        let carl = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Carl\r\nUID:c\r\nCATEGORIES:Chess\\, club,Work\r\nEND:VCARD";
        let book = [ANN, BOB, carl].concat();
        let expected = "\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n\
            FN:Chess\\, club\r\nN:Chess\\, club;;;;\r\n\
            X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:B2\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:c\r\nEND:VCARD\r\n";
        let regrouped = regrouped(&book, CardGroups::Cards);
        let (cards, made) = regrouped.split_at(book.len());
        assert_eq!(cards, book);
        let without_uid =
            |text: &str| text.lines().filter(|line| !line.starts_with("UID:")).collect::<Vec<_>>().join("\n");
        let (chess, work) = made.split_at(made.find("END:VCARD\r\n").unwrap() + 11);
        assert_eq!(without_uid(chess), without_uid(expected));
        assert!(work.contains("FN:Work\r\n") && work.contains("MEMBER:urn:uuid:c\r\n"), "{work}");
    }

    #[test]
    fn what_there_and_back_changes_is_only_where_groups_are_told() {
        let there = regrouped(&[ANN, BOB, FRIENDS].concat(), CardGroups::Categories);
        let back = regrouped(&there, CardGroups::Cards);
        assert!(back.starts_with(&there));
        assert_eq!(regrouped(&back, CardGroups::Cards), back, "groups that stand there are not made again");
        assert_eq!(regrouped(&back, CardGroups::Categories), there);
    }

    #[test]
    fn four_has_names_of_its_own() {
        let book = "BEGIN:VCARD\nVERSION:4.0\nFN:A\nUID:urn:uuid:1\nCATEGORIES:x\nEND:VCARD\n";
        let regrouped = regrouped(book, CardGroups::Cards);
        assert!(regrouped.contains("KIND:group\r\n") && regrouped.contains("\r\nMEMBER:urn:uuid:1\r\n"), "{regrouped}");
    }

    proptest! {
        #[test]
        fn cards_without_groups_stay_as_they_are(names in proptest::collection::vec("[a-z]{0,8}", 0..6)) {
            let book: String = names.iter().map(|name| ANN.replace("Ann", name)).collect();
            prop_assert_eq!(regrouped(&book, CardGroups::Categories), book.clone());
            prop_assert_eq!(regrouped(&book, CardGroups::Cards), book);
        }
    }
}
