use super::{fold::fold, line::ContentLine, lines::ContentLines, property::Property};
use crate::{
    error::{Error, ErrorKind, Location, Result},
    limits::Limits,
    source::Source,
};

/// A component (RFC 5545 §3.4) or a card (RFC 6350 §6.1.1) as a tree of decoded properties, to build or to convert one.
///
/// What passes through untouched is never held like this: it stays octets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// The name after `BEGIN:`.
    pub name: String,
    /// Its own properties in their order.
    pub properties: Vec<Property>,
    /// The components inside it in their order.
    pub components: Vec<Component>,
}

impl Component {
    /// An empty component.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same component with one more property.
    #[must_use]
    pub fn with(mut self, property: Property) -> Self {
        self.properties.push(property);
        self
    }

    /// The same component with one more component inside.
    #[must_use]
    pub fn with_component(mut self, component: Component) -> Self {
        self.components.push(component);
        self
    }

    /// The first property of this name, in any case.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.is(name))
    }

    /// The first component of `source`, with all that is in it; blank lines and lines without a colon are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when there is none, [`ErrorKind::Limit`] when a line is longer than 64 KiB or components nest
    /// deeper than [`Limits::nesting`], [`ErrorKind::Io`] when the source cannot be read.
    pub fn parse(source: Source, limits: &Limits) -> Result<Self> {
        Self::parse_lines(ContentLines::new(source)?, limits)
    }

    /// The same with lines of up to `octets` octets: pictures stand in one.
    pub(crate) fn parse_held(source: Source, limits: &Limits, octets: usize) -> Result<Self> {
        let mut lines = ContentLines::new(source)?;
        lines.hold_lines_of(octets);
        Self::parse_lines(lines, limits)
    }

    fn parse_lines(mut lines: ContentLines, limits: &Limits) -> Result<Self> {
        let mut open: Vec<Self> = Vec::new();
        while let Some(line) = lines.next_line()? {
            if !line.whole {
                return Err(Error::new(ErrorKind::Limit, "a line is too long").at(Location::Byte(line.start)));
            }
            let Some(content) = ContentLine::parse(line.head) else { continue };
            if content.is("BEGIN") {
                if open.len() >= limits.nesting {
                    let error = Error::new(ErrorKind::Limit, "components are nested too deeply");
                    return Err(error.at(Location::Byte(line.start)));
                }
                open.push(Self::new(Property::from_line(&content).value.trim()));
            } else if content.is("END") {
                if let Some(component) = close(&mut open) {
                    return Ok(component);
                }
            } else if let Some(component) = open.last_mut() {
                component.properties.push(Property::from_line(&content));
            }
        }
        while !open.is_empty() {
            if let Some(component) = close(&mut open) {
                return Ok(component);
            }
        }
        Err(Error::new(ErrorKind::Malformed, "not the start of a component"))
    }

    /// Appends the component: its properties, then the components inside, each line folded and ended with CRLF.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        fold(format!("BEGIN:{}", self.name).as_bytes(), out);
        for property in &self.properties {
            property.write_to(out);
        }
        for component in &self.components {
            component.write_to(out);
        }
        fold(format!("END:{}", self.name).as_bytes(), out);
    }
}

/// Closes the innermost component; gives it when it was the outermost too.
fn close(open: &mut Vec<Component>) -> Option<Component> {
    let closed = open.pop()?;
    match open.last_mut() {
        Some(outer) => {
            outer.components.push(closed);
            None
        }
        None => Some(closed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn parse(octets: &[u8]) -> Result<Component> {
        Component::parse(Arc::new(octets.to_vec()), &Limits::default())
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused() {
        let error = parse("BEGIN:X\n".repeat(100_000).as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_missing_end_closes_at_the_end() {
        let component = parse(b"begin:vevent\nUID:1\nBEGIN:VALARM\n").unwrap();
        assert_eq!((component.properties.len(), component.components.len()), (1, 1));
    }

    fn component() -> impl Strategy<Value = Component> {
        let property =
            ("[A-Z]{2,6}", "[^\r\n]{0,100}").prop_map(|(name, text)| Property::text(format!("X-{name}"), &text));
        let leaf = ("[A-Z]{1,8}", proptest::collection::vec(property, 0..5)).prop_map(|(name, properties)| Component {
            name,
            properties,
            components: Vec::new(),
        });
        leaf.prop_recursive(3, 12, 3, |inner| {
            ("[A-Z]{1,8}", proptest::collection::vec(inner, 0..3)).prop_map(|(name, components)| Component {
                name,
                properties: Vec::new(),
                components,
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(component in component()) {
            let mut octets = Vec::new();
            component.write_to(&mut octets);
            prop_assert_eq!(parse(&octets).unwrap(), component);
        }
    }
}
