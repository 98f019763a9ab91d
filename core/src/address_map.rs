//! Exchange addresses and the internet addresses that they stand for: plain data, which options hold though no store is read.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, BufRead, Write},
};

/// Internet addresses by Exchange addresses (`/O=…/CN=…`).
///
/// ```
/// use mailferry::read::AddressMap;
///
/// let mut map = AddressMap::default();
/// map.insert("/o=Org/ou=Site/cn=Recipients/cn=ann", "ann@example.org");
/// assert_eq!(map.get("/O=ORG/OU=SITE/CN=RECIPIENTS/CN=ANN"), Some("ann@example.org"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressMap(BTreeMap<String, String>);

impl AddressMap {
    /// Adds an address; case does not matter in `exchange`.
    pub fn insert(&mut self, exchange: &str, internet: &str) {
        self.0.insert(exchange.trim().to_ascii_lowercase(), internet.trim().to_owned());
    }

    /// The internet address, if it is known.
    pub fn get(&self, exchange: &str) -> Option<&str> {
        self.0.get(&exchange.trim().to_ascii_lowercase()).map(String::as_str)
    }

    /// Whether it knows no address.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads pairs, a line each: an address of Exchange, a tab, an internet address. Lines without a tab are nothing.
    ///
    /// # Errors
    /// What `lines` says.
    pub fn read(lines: impl BufRead) -> io::Result<Self> {
        let mut map = Self::default();
        for line in lines.lines() {
            if let Some((exchange, internet)) = line?.split_once('\t') {
                map.insert(exchange, internet);
            }
        }
        Ok(map)
    }

    /// Writes the pairs as [`AddressMap::read`] reads them, in order.
    ///
    /// # Errors
    /// What `out` says; [`io::ErrorKind::InvalidData`] for an address that has a tab or a line end in it.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (exchange, internet) in &self.0 {
            if exchange.contains(['\t', '\n', '\r']) || internet.contains(['\n', '\r']) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{exchange:?} has a tab or a line end in it"),
                ));
            }
            writeln!(out, "{exchange}\t{internet}")?;
        }
        Ok(())
    }
}

/// Pairs, in order.
impl Serialize for AddressMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

/// Pairs, or an object.
impl<'de> Deserialize<'de> for AddressMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Addresses;

        impl<'de> Visitor<'de> for Addresses {
            type Value = AddressMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("internet addresses by Exchange addresses")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<AddressMap, A::Error> {
                let mut map = AddressMap::default();
                while let Some((exchange, internet)) = pairs.next_element::<(String, String)>()? {
                    map.insert(&exchange, &internet);
                }
                Ok(map)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<AddressMap, A::Error> {
                let mut map = AddressMap::default();
                while let Some((exchange, internet)) = pairs.next_entry::<String, String>()? {
                    map.insert(&exchange, &internet);
                }
                Ok(map)
            }
        }

        deserializer.deserialize_any(Addresses)
    }
}
