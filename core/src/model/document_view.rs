use super::{Item, ItemKind};
use crate::{
    content_line::{Component, Property},
    defect::Defect,
    error::Result,
    limits::Limits,
    source::Source,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// A defect, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DefectView {
    /// The kind, as in the item log.
    pub kind: &'static str,
    /// What happened.
    pub message: String,
    /// Where, in octets from the start of the item; `None` where that is not known.
    pub offset: Option<u64>,
}

impl DefectView {
    /// The view of a defect.
    pub fn of(defect: &Defect) -> Self {
        Self { kind: defect.kind().as_str(), message: defect.to_string(), offset: defect.offset() }
    }
}

/// A calendar object or a contact for programs: a JSON object when serialised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentView {
    /// What it is, as in the item log: `event`, `task`, `contact`.
    pub kind: &'static str,
    /// Its `UID`.
    pub uid: Option<String>,
    /// The `SUMMARY` of a calendar object, the name of a contact.
    pub summary: Option<String>,
    /// When it starts, with its zone: `2024-05-01T09:00:00[Europe/Berlin]`.
    pub start: Option<String>,
    /// Whether a calendar object recurs.
    pub recurring: Option<bool>,
    /// What is wrong with it and was survived.
    pub defects: Vec<DefectView>,
    /// What it says: a `VCALENDAR` or a `VCARD`.
    pub document: ComponentView,
}

/// A component with its properties and the components inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentView {
    /// The name after `BEGIN:`.
    pub name: String,
    /// Its properties, in order.
    pub properties: Vec<PropertyView>,
    /// The components inside, in order.
    pub components: Vec<ComponentView>,
}

/// A property of a calendar object or a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PropertyView {
    /// The group it is in (RFC 6350 §3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The name as spelled.
    pub name: String,
    /// The values of its parameters, by their names in upper case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Vec<String>>,
    /// The value as in the line, its escapes included.
    pub value: String,
}

impl DocumentView {
    /// The view of a calendar object or a contact; `None` for a message.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`](crate::ErrorKind::Limit) for a document too large to be held in memory.
    pub fn of(item: &Item) -> Result<Option<Self>> {
        let calendar = item.calendar();
        let (uid, summary) = match &item.kind {
            ItemKind::Message(_) => return Ok(None),
            ItemKind::Calendar(object) => (object.uid(), object.summary()),
            ItemKind::Contact(card) => (card.uid(), card.name()),
        };
        let limits = Limits::default();
        let octets = item.to_content()?.to_vec(limits.text)?;
        let document = Component::parse_held(Arc::new(octets) as Source, &limits, limits.text)?;
        Ok(Some(Self {
            kind: item.kind.as_str(),
            uid: uid.map(str::to_owned),
            summary: summary.map(str::to_owned),
            start: calendar.and_then(|object| object.start()).map(ToString::to_string),
            recurring: calendar.map(|object| object.is_recurring()),
            defects: item.defects.iter().map(DefectView::of).collect(),
            document: ComponentView::of(document),
        }))
    }
}

impl ComponentView {
    fn of(component: Component) -> Self {
        Self {
            name: component.name,
            properties: component.properties.into_iter().map(PropertyView::of).collect(),
            components: component.components.into_iter().map(Self::of).collect(),
        }
    }
}

impl PropertyView {
    fn of(property: Property) -> Self {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for parameter in property.parameters {
            parameters.entry(parameter.name.to_ascii_uppercase()).or_default().extend(parameter.values);
        }
        Self { group: property.group, name: property.name, parameters, value: property.value }
    }
}
